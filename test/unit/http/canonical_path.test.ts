/** RFC 3986 §6.2.2 – which spellings of a path are read. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FastifyRequest } from 'fastify'
import { requireCanonicalPath } from '../../../src/http/canonical_path.ts'

const check = (url: string): void => requireCanonicalPath({ raw: { url } } as unknown as FastifyRequest)

for (const path of [
  '//jwks.json',
  '/a//b',
  '/./jwks.json',
  '/a/../admin/realm',
  '/a/..',
  '/a/.',
  '/jwks.json;a=b',
  '/realms\\main/jwks.json',
  '/%61dmin/realm',
  '/%2e%2e/admin/realm',
  '/%252e%252e/admin/realm',
  '/admin%2frealm',
  '/realms/m%61in/jwks.json',
  '/jwks.json%00',
  '/jwks.json%0a',
  '/jwks.json#fragment',
  '/admin/realm/m%61in',
  '/admin/realm/main/user/%2e%2e/password',
  '/admin/realm/main/user/%2E/password',
  '/admin/realm/main/user/a;b',
  '/admin/realm/main/user/%zz',
  '/admin/realm/main/user/%e',
  '/admin//realm',
  'https://issuer.example/%61dmin/realm',
])
  test(`T-HT-10 RFC 3986 §2.3 §6.2.2 – ${path} is not canonical`, () => {
    assert.throws(() => check(path), { code: 'invalid_request' })
  })

test('RFC 3986 §6.2.2 – every path of this server is, with whatever a username makes of it', () => {
  for (const path of [
    '/',
    '/.well-known/openid-configuration/realms/main',
    '/realms/a_b-c/authorize',
    '/interaction/abc_-def',
    'https://issuer.example/jwks.json',
  ])
    check(`${path}?anything=%61//../`)
  for (const name of [
    'alice',
    'alice@example.com',
    'a/b',
    'a%2e',
    'Ünï cödé',
    "o'hara",
    'a;b?c#d',
    'a\\b',
    '100%',
    '~x',
  ])
    check(`/admin/realm/main/user/${encodeURIComponent(name)}/password`)
})
