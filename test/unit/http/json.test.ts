import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJsonBody } from '../../../src/http/json.ts'
import { OAuthError } from '../../../src/oauth/errors.ts'

for (const [what, text] of [
  ['a syntax error', '{"a":'],
  ['__proto__ as a member', '{"__proto__":{"polluted":1}}'],
  ['__proto__ deep inside', '{"a":{"b":[{"__proto__":1}]}}'],
  ['a prototype under constructor', '{"constructor":{"prototype":{"polluted":1}}}'],
  ['nesting deeper than 32', `${'['.repeat(40)}${']'.repeat(40)}`],
  ['more members than any request has', JSON.stringify(Array(5_000).fill(1))],
] as const) {
  test(`T-IN-09 T-IN-04 – ${what} is refused`, () => {
    assert.throws(
      () => parseJsonBody(text),
      (error) => error instanceof OAuthError && error.code === 'invalid_request',
    )
  })
}

test('an empty body is no value, and an object is itself', () => {
  assert.equal(parseJsonBody(''), undefined)
  assert.deepEqual(parseJsonBody('{"a":[1,{"b":null}]}'), { a: [1, { b: null }] })
})
