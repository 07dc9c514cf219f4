/** Which usernames there can be. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { usernameProblem } from '../../../src/oauth/username.ts'
import { canonicalUsername } from '../../../src/storage/users.ts'

for (const [name, username] of Object.entries({
  'nothing at all': '',
  'a NUL': 'ali\0ce',
  'a line break': 'alice\nadmin',
  'a tab': 'alice\t',
  'an escape': 'alice\u001b[31m',
  'a C1 control': 'alice\u0085',
  'a right-to-left override': 'alice\u202enimda',
  'a bidi isolate': 'alice\u2066x\u2069',
  'a zero-width space': 'ali\u200bce',
  'a zero-width joiner': 'ali\u200dce',
  'a soft hyphen': 'ali\u00adce',
  'a byte order mark': '\ufeffalice',
  'a Hangul filler': 'alice\u3164',
  'a variation selector': 'alice\ufe0f',
  'a tag character': 'alice\u{e0041}',
  'a lone surrogate': 'alice\ud800',
  'private use': 'alice\ue000',
  'a space before': ' alice',
  'a space after': 'alice ',
  'a no-break space': 'ali\u00a0ce',
  'an ideographic space': 'ali\u3000ce',
  'a line separator': 'ali\u2028ce',
  'a colon': 'alice:admin',
  'a full-width colon': 'alice：admin',
  'a full-width at sign': 'alice＠example.com',
  'a dot segment': '..',
  'more than 256 characters': 'x'.repeat(257),
  'one that becomes longer than 256 characters': '\ufdfa'.repeat(100),
}))
  test(`T-BF-11 RFC 8265 §3 – ${name} is no username`, () => {
    assert.notEqual(usernameProblem(username), undefined)
  })

for (const username of [
  'alice',
  'alice@example.com',
  'Alice Smith',
  "o'neil",
  'jürgen',
  '山田',
  'админ',
  'a/b',
  'a%2fb',
  '🙂',
])
  test(`RFC 8265 §3 – ${username} is a username`, () => {
    assert.equal(usernameProblem(username), undefined)
  })

test('RFC 3986 §5.2.4 – a name that vanishes from a path is no username', () => {
  for (const username of ['.', '..']) assert.notEqual(usernameProblem(username), undefined)
})

test('T-BF-11 spellings that look alike are one name, other letters are another', () => {
  assert.equal(canonicalUsername('ａdmin'), canonicalUsername('ADMIN'))
  assert.equal(canonicalUsername('Jürgen'), canonicalUsername('Ju\u0308rgen'))
  assert.notEqual(canonicalUsername('аdmin'), canonicalUsername('admin'))
})

test('T-IN-08 a hostile text is judged as quickly as any other', () => {
  assert.notEqual(usernameProblem('@'.repeat(100_000)), undefined)
})
