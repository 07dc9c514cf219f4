/** Every endpoint by oauth4webapi, whose judgement of each answer is stricter than most clients': plain, pushed, signed. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as oauth from 'oauth4webapi'
import type { Person, TestClient } from '../../support/oauth.ts'
import { openParty, type Party, type PartyParams } from '../../support/oauth4webapi.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const SCOPE = 'openid profile email offline_access'

describe('oauth4webapi', () => {
  let server: TestServer
  let person: Person
  let keys: oauth.CryptoKeyPair
  let jwks: { keys: unknown[] }

  before(async () => {
    server = await startServer()
    person = await server.admin.createUser({ username: 'carol', claims: { email: 'carol@shop.example' } })
    keys = await oauth.generateKeyPair('ES256')
    jwks = {
      keys: [{ ...(await crypto.subtle.exportKey('jwk', keys.publicKey)), kid: 'rp', alg: 'ES256', use: 'sig' }],
    }
  })
  after(() => server.close())

  const methods: Record<string, (registered: TestClient) => oauth.ClientAuth> = {
    none: () => oauth.None(),
    client_secret_basic: ({ client_secret = '' }) => oauth.ClientSecretBasic(client_secret),
    client_secret_post: ({ client_secret = '' }) => oauth.ClientSecretPost(client_secret),
    private_key_jwt: () => oauth.PrivateKeyJwt({ key: keys.privateKey, kid: 'rp' }),
  }

  type Wish = { registration?: Record<string, unknown> } & Partial<PartyParams>

  const partyWith = async (method: string, { registration, ...params }: Wish = {}): Promise<Party> => {
    const registered = await server.admin.createClient({
      token_endpoint_auth_method: method,
      ...(method === 'private_key_jwt' || params.requestKey ? { jwks } : {}),
      ...registration,
    })
    const authentication = methods[method]?.(registered) ?? oauth.None()
    return await openParty({ server, registered, authentication, ...params })
  }

  const refuses = (attempt: Promise<unknown>, error: string) =>
    assert.rejects(attempt, (found) => found instanceof oauth.ResponseBodyError && found.error === error)

  for (const method of Object.keys(methods))
    describe(`as a client with ${method}`, () => {
      test('RFC 6749 §6 RFC 7009 §2 – after a revocation nothing of the sign-in is of use', async () => {
        const party = await partyWith(method)
        const { access_token, refresh_token = '', claims } = await party.signIn(person, SCOPE)
        await party.revoke(refresh_token)
        await refuses(party.refresh(refresh_token), 'invalid_grant')
        await assert.rejects(party.userInfo(access_token, claims.sub), oauth.WWWAuthenticateChallengeError)
      })

      test('OpenID Connect Core §3.1 §5.3 §12 – code flow, UserInfo, refresh, and a resource server that reads the token', async () => {
        const party = await partyWith(method)
        const { access_token, refresh_token = '', claims } = await party.signIn(person, SCOPE)
        assert.equal((await party.userInfo(access_token, claims.sub)).email, 'carol@shop.example')
        const refreshed = await party.refresh(refresh_token)
        assert.notEqual(refreshed.access_token, access_token)
        assert.equal((await party.userInfo(refreshed.access_token, claims.sub)).sub, claims.sub)
        assert.equal((await party.call(refreshed.access_token)).sub, claims.sub)
      })

      test('RFC 9126 §2 – a pushed request', async () => {
        const registration = { require_pushed_authorization_requests: true }
        const { claims } = await (await partyWith(method, { registration, pushes: true })).signIn(person, 'openid')
        assert.equal(claims.iss, server.issuer)
        await assert.rejects((await partyWith(method, { registration })).signIn(person, 'openid'), {
          error: 'invalid_request',
        })
      })

      test('JARM §2.4 RFC 9101 §5 – an answer that is signed, to a request that is', async () => {
        const requestKey = { key: keys.privateKey, kid: 'rp' }
        for (const alg of ['ES256', 'PS256', 'RS256', 'EdDSA']) {
          const registration = { authorization_signed_response_alg: alg, require_signed_request_object: true }
          const metadata = { authorization_signed_response_alg: alg }
          const party = await partyWith(method, { registration, metadata, requestKey })
          const { claims } = await party.signIn(person, 'openid', { response_mode: 'jwt' })
          assert.equal(claims.iss, server.issuer)
        }
      })

      if (method !== 'none')
        test('RFC 6749 §4.4 RFC 7662 §2 – client credentials, introspected until they are revoked', async () => {
          const registration = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [], scope: '' }
          const party = await partyWith(method, { registration })
          const { access_token } = await party.clientCredentials()
          assert.equal((await party.introspect(access_token)).iss, server.issuer)
          await party.revoke(access_token)
          assert.deepEqual(await party.introspect(access_token), { active: false })
        })
    })
})
