/** RFC 7617 – reading the Authorization header of a login. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseBasicCredentials } from '../../../src/authentication/basic_credentials.ts'

const encode = (text: string | Buffer): string => `Basic ${Buffer.from(text).toString('base64')}`

for (const [name, header] of Object.entries({
  'an empty header': '',
  'a scheme alone': 'Basic',
  'a scheme and a space': 'Basic ',
  'another scheme': `Bearer ${Buffer.from('a:b').toString('base64')}`,
  'no base64': 'Basic a:b',
  'base64 with a space inside': 'Basic YTpi YTpi',
  base64url: 'Basic _-_-',
  'padding that does not fit': 'Basic YTpi=',
  'no colon': encode('alice'),
  'no username': encode(':secret'),
  'two credentials': `${encode('a:b')}, ${encode('c:d')}`,
  'octets that are not UTF-8': encode(Buffer.from([0x61, 0x3a, 0xff, 0xfe])),
  'an overlong encoding': encode(Buffer.from([0x61, 0x3a, 0xc0, 0xaf])),
  'sixteen kilobytes': encode(`a:${'b'.repeat(16_384)}`),
}))
  test(`T-CA-06 RFC 7617 §2 – ${name} carries no credentials`, () => {
    assert.equal(parseBasicCredentials(header), undefined)
  })

test('RFC 7617 §2 – the first colon ends the username, and the rest is the password', () => {
  assert.deepEqual(parseBasicCredentials(encode('alice:a:b:c')), { username: 'alice', password: 'a:b:c' })
})

test('RFC 7617 §2.1 – username and password are UTF-8, taken as they are', () => {
  assert.deepEqual(parseBasicCredentials(encode('jürgen:p%41ss+wörd')), {
    username: 'jürgen',
    password: 'p%41ss+wörd',
  })
})

test('RFC 9110 §11.1 – the scheme is compared without regard to case', () => {
  assert.deepEqual(parseBasicCredentials(`bAsIc ${Buffer.from('a:b').toString('base64')}`), {
    username: 'a',
    password: 'b',
  })
})
