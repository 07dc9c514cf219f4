import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, test } from 'node:test'
import { SignJWT, UnsecuredJWT } from 'jose'
import { createReadIdTokenHint } from '../../../src/authorization/id_token_hint.ts'
import { createReadLogoutRequest } from '../../../src/authorization/logout_request.ts'
import type { PublicKey } from '../../../src/keys/key_provider.ts'
import { OAuthError } from '../../../src/oauth/errors.ts'
import { toParameters } from '../../../src/oauth/parameters.ts'
import { clientWith, realmWith } from '../../support/authorization.ts'
import { forgedJwts } from '../../support/tokens.ts'

const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const key: PublicKey = { kid: 'k1', alg: 'ES256', key: own.publicKey, jwk: {} }
const keys = { publicKey: (_realm: unknown, kid: string) => (kid === key.kid ? key : undefined) }

const client = clientWith()
const realm = realmWith([
  client,
  clientWith({}, { clientId: 'other' }),
  clientWith({}, { clientId: 'off', enabled: false }),
])
const readIdTokenHint = createReadIdTokenHint({ keys })

const usual = { iss: realm.issuer, sub: 'alice', aud: 'app', iat: 1_000, exp: 1_300 }

type Changes = {
  claims?: Record<string, unknown>
  header?: Record<string, unknown>
  privateKey?: typeof own.privateKey
}

const tokenWith = ({ claims, header, privateKey }: Changes = {}): Promise<string> =>
  new SignJWT({ ...usual, ...claims })
    .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'JWT', ...header })
    .sign(privateKey ?? own.privateKey)

const isInvalidRequest = (error: unknown): boolean => error instanceof OAuthError && error.code === 'invalid_request'

describe('OpenID Connect Core §3.1.2.1 – an id_token_hint is refused', () => {
  const cases: [string, () => string | Promise<string>][] = [
    ['when it is no JWT', () => 'x'],
    ['RP-Initiated Logout §2 – when it has alg none', () => new UnsecuredJWT(usual).encode()],
    ['when another key signed it', () => tokenWith({ privateKey: foreign.privateKey })],
    ['when its key is unknown', () => tokenWith({ header: { kid: 'k2' } })],
    ['when it names no key', () => tokenWith({ header: { kid: undefined } })],
    [
      'T-IS-08 – when it comes from another issuer',
      () => tokenWith({ claims: { iss: `${realm.issuer}/realms/other` } }),
    ],
    ['RFC 8725 §3.11 – when it is an access token', () => tokenWith({ header: { typ: 'at+jwt' } })],
    ['RFC 8725 §3.11 – when it is a logout token', () => tokenWith({ header: { typ: 'logout+jwt' } })],
    ['when it has no subject', () => tokenWith({ claims: { sub: undefined } })],
    [
      'RFC 8725 §3.12 – when it has no expiry: a signed UserInfo answer has none',
      () => tokenWith({ claims: { exp: undefined } }),
    ],
    ['when it is encrypted', async () => `${await tokenWith()}.a.b`],
    ['when it is for several', () => tokenWith({ claims: { aud: ['app', 'other'] } })],
    ['when it is very long', () => tokenWith({ claims: { padding: 'a'.repeat(20_000) } })],
    [
      'when its claims were edited',
      async () => {
        const [header, , signature] = (await tokenWith()).split('.')
        const claims = Buffer.from(JSON.stringify({ ...usual, sub: 'mallory' })).toString('base64url')
        return `${header}.${claims}.${signature}`
      },
    ],
  ]
  for (const [what, make] of cases) {
    test(what, async () => {
      await assert.rejects(readIdTokenHint(realm, await make()), isInvalidRequest)
    })
  }
})

describe('T-JW-01 T-JW-02 T-JW-03 T-JW-04 T-JW-06 T-JW-15 T-JW-21 – an id_token_hint is refused with', () => {
  for (const [what, token] of forgedJwts(usual, { alg: 'ES256', kid: 'k1', typ: 'JWT' }, own))
    test(what, () => assert.rejects(readIdTokenHint(realm, token), isInvalidRequest))
})

test('RP-Initiated Logout §4 – a hint that has expired still says who is meant', async () => {
  const hint = await readIdTokenHint(realm, await tokenWith({ claims: { sid: 's1' } }))
  assert.deepEqual(hint, { subject: 'alice', clientId: 'app', sessionId: 's1' })
})

describe('RP-Initiated Logout §2 – a logout request', () => {
  const readLogoutRequest = createReadLogoutRequest({ readIdTokenHint })
  const read = (parameters: Record<string, string>) =>
    readLogoutRequest(realm, toParameters(Object.entries(parameters)))
  const RETURN_TO = 'https://app.example/signed-out'

  test('is refused when client_id and id_token_hint name different clients', async () => {
    await assert.rejects(read({ client_id: 'other', id_token_hint: await tokenWith() }), isInvalidRequest)
  })

  test('is refused when the client is unknown or disabled', async () => {
    await assert.rejects(read({ client_id: 'nobody' }), isInvalidRequest)
    await assert.rejects(read({ client_id: 'off' }), isInvalidRequest)
  })

  for (const uri of [
    `${RETURN_TO}?x=y`,
    `${RETURN_TO}/`,
    `${RETURN_TO}.evil.example`,
    'https://evil.example/',
    'javascript:1',
  ]) {
    test(`T-RU-04 RP-Initiated Logout §3 – is refused when post_logout_redirect_uri is ${uri}`, async () => {
      await assert.rejects(read({ client_id: 'app', post_logout_redirect_uri: uri }), isInvalidRequest)
    })
  }

  test('returns nowhere when nobody says whose the address is', async () => {
    const { returnTo } = await read({ post_logout_redirect_uri: RETURN_TO, state: 's' })
    assert.equal(returnTo, undefined)
  })

  test('RP-Initiated Logout §3 – returns to the registered address with the state and nothing else', async () => {
    const state = '-._~'.repeat(32)
    const logout = await read({ id_token_hint: await tokenWith(), post_logout_redirect_uri: RETURN_TO, state })
    assert.equal(logout.client, client)
    assert.equal(logout.returnTo, `${RETURN_TO}?${new URLSearchParams({ state })}`)
    const without = await read({ client_id: 'app', post_logout_redirect_uri: RETURN_TO })
    assert.equal(without.returnTo, RETURN_TO)
  })
})
