/** The whole job of a relying party, done by openid-client over real TLS: at the root and under /realms, on every store. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import * as client from 'openid-client'
import { skipWithout } from '../../support/backends.ts'
import type { Person, TestClient } from '../../support/oauth.ts'
import { discover, signInWith } from '../../support/openid_client.ts'
import { type ServerOptions, startServer, type TestServer } from '../../support/server.ts'

type Variant = { name: string; realm: string; path: string; options: ServerOptions; skip: string | false }

const variants: Variant[] = [
  { name: 'the default realm on SQLite', realm: 'main', path: '', options: {}, skip: false },
  { name: 'another realm on SQLite', realm: 'shop', path: '/realms/shop', options: {}, skip: false },
  {
    name: 'the default realm on PostgreSQL with sessions in Redis',
    realm: 'main',
    path: '',
    options: { database: 'postgresql', sessions: 'redis' },
    skip: skipWithout('postgresql') || skipWithout('redis'),
  },
  {
    name: 'another realm on MariaDB',
    realm: 'shop',
    path: '/realms/shop',
    options: { database: 'mysql' },
    skip: skipWithout('mysql'),
  },
]

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const publicJwk = { ...publicKey.export({ format: 'jwk' }), kid: 'rp', alg: 'ES256', use: 'sig' }

const importedKey = (): Promise<CryptoKey> =>
  crypto.subtle.importKey('jwk', privateKey.export({ format: 'jwk' }), { name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'sign',
  ])

/** For each method: what is registered, and how openid-client uses it. */
const methods: Record<string, (registered: TestClient) => Promise<client.ClientAuth>> = {
  client_secret_basic: async ({ client_secret }) => client.ClientSecretBasic(client_secret),
  client_secret_post: async ({ client_secret }) => client.ClientSecretPost(client_secret),
  client_secret_jwt: async ({ client_secret = '' }) => client.ClientSecretJwt(client_secret),
  private_key_jwt: async () => client.PrivateKeyJwt({ key: await importedKey(), kid: 'rp' }),
  none: async () => client.None(),
}

for (const variant of variants) {
  describe(`openid-client at ${variant.name}`, { skip: variant.skip }, () => {
    let server: TestServer
    let issuer: string
    let person: Person

    before(async () => {
      server = await startServer(variant.options)
      issuer = `${server.issuer}${variant.path}`
      if (variant.realm !== 'main') {
        await server.admin.createRealm({
          id: variant.realm,
          auth_params: { username_password_params: { allow_expired_passwords: false } },
          session_max_age_seconds: 3600,
          session_max_stale_age_seconds: 1800,
        })
      }
      person = await server.admin.createUser(
        { username: 'carol', claims: { given_name: 'Carol', email: 'carol@shop.example', email_verified: true } },
        variant.realm,
      )
    })
    after(() => server.close())

    const register = (method: string, metadata: Record<string, unknown> = {}): Promise<TestClient> =>
      server.admin.createClient(
        {
          token_endpoint_auth_method: method,
          ...(method === 'private_key_jwt' ? { jwks: { keys: [publicJwk] } } : {}),
          ...metadata,
        },
        variant.realm,
      )

    const partyWith = async (method: string, metadata: Record<string, unknown> = {}) => {
      const registered = await register(method, metadata)
      const authentication = (await methods[method]?.(registered)) ?? client.None()
      const configuration = await discover({ target: server, issuer, registered, authentication })
      return { registered, configuration }
    }

    const signIn = (party: Awaited<ReturnType<typeof partyWith>>, scope = 'openid profile email', pushed = false) =>
      signInWith({ ...party, oauth: server.oauth, browser: server.browser(), person, scope, pushed })

    for (const algorithm of ['oidc', 'oauth2'] as const) {
      test(`RFC 8414 §3.1 OpenID Connect Discovery §4.3 – the ${algorithm} metadata names the issuer that was asked`, async () => {
        const registered = await register('none')
        const configuration = await discover({
          target: server,
          issuer,
          registered,
          authentication: client.None(),
          algorithm,
        })
        assert.equal(configuration.serverMetadata().issuer, issuer)
      })
    }

    for (const method of Object.keys(methods)) {
      test(`OpenID Connect Core §3.1 – code flow, UserInfo and refresh with ${method}`, async () => {
        const party = await partyWith(method)
        const tokens = await signIn(party, 'openid profile email offline_access')
        const subject = tokens.claims()?.sub ?? ''
        assert.equal(tokens.claims()?.iss, issuer)
        const info = await client.fetchUserInfo(party.configuration, tokens.access_token, subject)
        assert.equal(info.email, 'carol@shop.example')
        assert.equal(info.given_name, 'Carol')
        const refreshed = await client.refreshTokenGrant(party.configuration, tokens.refresh_token ?? '')
        assert.notEqual(refreshed.access_token, tokens.access_token)
        assert.equal((await client.fetchUserInfo(party.configuration, refreshed.access_token, subject)).sub, subject)
      })

      test(`RFC 9126 §2 – a pushed request with ${method}`, async () => {
        const party = await partyWith(method, { require_pushed_authorization_requests: true })
        const tokens = await signIn(party, 'openid', true)
        assert.equal(tokens.claims()?.aud, party.registered.client_id)
      })

      test(`RFC 7009 §2 – a refresh token revoked with ${method} is of no more use`, async () => {
        const party = await partyWith(method)
        const tokens = await signIn(party, 'openid offline_access')
        await client.tokenRevocation(party.configuration, tokens.refresh_token ?? '')
        await assert.rejects(client.refreshTokenGrant(party.configuration, tokens.refresh_token ?? ''), {
          error: 'invalid_grant',
        })
      })
    }

    for (const method of ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt']) {
      test(`RFC 6749 §4.4 RFC 7662 §2 – client credentials and introspection with ${method}`, async () => {
        const party = await partyWith(method, {
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: [],
          scope: '',
        })
        const { access_token } = await client.clientCredentialsGrant(party.configuration)
        const about = await client.tokenIntrospection(party.configuration, access_token)
        assert.equal(about.active, true)
        assert.equal(about.client_id, party.registered.client_id)
        assert.equal(about.iss, issuer)
        await client.tokenRevocation(party.configuration, access_token)
        assert.deepEqual(await client.tokenIntrospection(party.configuration, access_token), { active: false })
      })
    }

    test('OpenID Connect Core §3.1.3.7 – an ID token signed with ES256 where the client asked for it', async () => {
      const registered = await register('client_secret_basic', { id_token_signed_response_alg: 'ES256' })
      const configuration = await discover({
        target: server,
        issuer,
        registered,
        authentication: client.ClientSecretBasic(registered.client_secret),
        metadata: { id_token_signed_response_alg: 'ES256' },
      })
      client.enableNonRepudiationChecks(configuration)
      const tokens = await signIn({ registered, configuration })
      assert.equal(tokens.claims()?.iss, issuer)
    })

    test('RFC 9207 §2 – the authorization response names the issuer', async () => {
      const party = await partyWith('none')
      const challenge = await client.calculatePKCECodeChallenge(client.randomPKCECodeVerifier())
      const url = client.buildAuthorizationUrl(party.configuration, {
        redirect_uri: party.registered.redirect_uris[0] ?? '',
        scope: 'openid',
        code_challenge: challenge,
        code_challenge_method: 'S256',
      })
      const response = await server.oauth.visit(server.browser(), party.registered, url.href, person)
      assert.ok('parameters' in response)
      assert.equal(response.parameters.get('iss'), issuer)
    })
  })
}
