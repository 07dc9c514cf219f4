import assert from 'node:assert/strict'
import { test } from 'node:test'
import { interactionCookieName, sessionCookieName, sessionCookieSameSite } from '../../../src/sessions/cookies.ts'

test('T-SE-12 RFC 6265bis §4.1.3.2 – every cookie has the prefix that sibling hosts cannot set, and one name a realm and kind', () => {
  const names = ['main', '_', 'a-b_C'].flatMap((realmId) => [
    sessionCookieName('api', realmId),
    sessionCookieName('sso', realmId),
    interactionCookieName(realmId),
  ])
  assert.ok(names.every((name) => name.startsWith('__Host-')))
  // RFC 6265bis §4.1.1 – a cookie name is a token.
  assert.ok(names.every((name) => /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name)))
  assert.equal(new Set(names).size, names.length)
  assert.equal(sessionCookieName('api', 'main'), '__Host-session.main')
  assert.equal(sessionCookieName('sso', 'main'), '__Host-sso.main')
})

test('RFC 6265bis §8.8.2 – the cookie of the API stays on this site, that of the pages comes along from others', () => {
  assert.equal(sessionCookieSameSite('api'), 'strict')
  assert.equal(sessionCookieSameSite('sso'), 'lax')
})
