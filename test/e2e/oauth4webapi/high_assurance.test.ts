/** Tokens bound to a key or a certificate, and whole sign-ins by the FAPI 2.0 profiles, by oauth4webapi over real TLS. */
import 'reflect-metadata'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as oauth from 'oauth4webapi'
import { type CertificateServer, startCertificateServer } from '../../support/client_certificates.ts'
import type { Person } from '../../support/oauth.ts'
import { openParty, type Party, type PartyParams } from '../../support/oauth4webapi.ts'
import { asClient, issueClient } from '../../support/pki.ts'

const SCOPE = 'openid email offline_access'
const CLIENT_NAME = 'client.example'

type Wish = { registration: Record<string, unknown> } & Partial<PartyParams>

describe('oauth4webapi', () => {
  let stage: CertificateServer
  let person: Person
  let signing: oauth.CryptoKeyPair
  let assertion: Wish
  let certificate: { cert: string; key: string }

  before(async () => {
    stage = await startCertificateServer('own')
    person = await stage.server.admin.createUser({ username: 'carol', claims: { email: 'carol@shop.example' } })
    await stage.server.admin.updateRealm('main', { dpop_nonce: 'required' })
    signing = await oauth.generateKeyPair('PS256')
    const jwk = { ...(await crypto.subtle.exportKey('jwk', signing.publicKey)), kid: 'rp', alg: 'PS256', use: 'sig' }
    assertion = {
      registration: { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk] } },
      authentication: oauth.PrivateKeyJwt({ key: signing.privateKey, kid: 'rp' }),
    }
    certificate = asClient(await issueClient({ names: [{ type: 'dns', value: CLIENT_NAME }] }, stage.root))
  })
  after(() => stage.close())

  const partyWith = async ({ registration, ...params }: Wish): Promise<Party> => {
    const registered = await stage.server.admin.createClient(registration)
    return await openParty({ server: stage.server, registered, authentication: oauth.None(), ...params })
  }

  const dpop = async (): Promise<Wish> => ({
    registration: { dpop_bound_access_tokens: true },
    proofKeys: await oauth.generateKeyPair('ES256'),
  })

  const mutualTls = async (): Promise<Wish> => ({
    registration: { tls_client_certificate_bound_access_tokens: true },
    metadata: { use_mtls_endpoint_aliases: true },
    certificate,
  })

  /** Later ones win, members one by one. */
  const together = (...wishes: Wish[]): Wish => ({
    ...Object.assign({}, ...wishes),
    registration: Object.assign({}, ...wishes.map(({ registration }) => registration)),
    metadata: Object.assign({}, ...wishes.map(({ metadata }) => metadata)),
  })

  const isRefused = (found: unknown): boolean =>
    found instanceof oauth.WWWAuthenticateChallengeError && found.status === 401

  describe('with DPoP', () => {
    test('T-DP-04 RFC 9449 §8 and §9 – every endpoint has its nonce asked for and used', async () => {
      const party = await partyWith(together({ registration: { token_endpoint_auth_method: 'none' } }, await dpop()))
      const { access_token, refresh_token = '', token_type, claims } = await party.signIn(person, SCOPE)
      assert.equal(token_type, 'dpop')
      assert.equal(party.nonces(), 1)
      assert.equal((await party.userInfo(access_token, claims.sub)).email, 'carol@shop.example')
      const refreshed = await party.refresh(refresh_token)
      assert.equal((await party.call(refreshed.access_token)).sub, claims.sub)
    })

    test('RFC 9449 §5 – a refresh token of a public client is of no use with another key', async () => {
      const registration = { token_endpoint_auth_method: 'none', redirect_uris: ['https://client.example/callback'] }
      const registered = await stage.server.admin.createClient(registration)
      const open = async () =>
        await openParty({ server: stage.server, registered, authentication: oauth.None(), ...(await dpop()) })
      const { refresh_token = '' } = await (await open()).signIn(person, SCOPE)
      await assert.rejects((await open()).refresh(refresh_token), { error: 'invalid_grant' })
    })
  })

  describe('with mutual TLS', () => {
    const tlsClient: Wish = {
      registration: { token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_san_dns: CLIENT_NAME },
      authentication: oauth.TlsClientAuth(),
    }

    test('RFC 8705 §2.1 – without its certificate the client is nobody', async () => {
      const { certificate: _left, ...without } = together(tlsClient, await mutualTls())
      const party = await partyWith(without)
      await assert.rejects(party.signIn(person, SCOPE), { error: 'invalid_client' })
    })

    test('RFC 8705 §3 and §5 – at the aliases, from sign-in to revocation', async () => {
      const party = await partyWith(together(tlsClient, await mutualTls()))
      const { access_token, refresh_token = '', claims } = await party.signIn(person, SCOPE)
      assert.equal((await party.userInfo(access_token, claims.sub)).email, 'carol@shop.example')
      assert.ok((await party.introspect(access_token)).cnf?.['x5t#S256'])
      const refreshed = await party.refresh(refresh_token)
      await party.revoke(refreshed.access_token)
      await assert.rejects(party.userInfo(refreshed.access_token, claims.sub), isRefused)
    })
  })

  describe('by the FAPI 2.0 profiles', () => {
    const security: Wish = {
      registration: {
        profile: 'fapi2_security',
        require_pushed_authorization_requests: true,
        id_token_signed_response_alg: 'PS256',
      },
      metadata: { id_token_signed_response_alg: 'PS256' },
      pushes: true,
    }
    const messages = (): Wish => ({
      registration: {
        profile: 'fapi2_message_signing',
        require_signed_request_object: true,
        authorization_signed_response_alg: 'PS256',
      },
      metadata: { authorization_signed_response_alg: 'PS256' },
      requestKey: { key: signing.privateKey, kid: 'rp' },
    })

    for (const [name, bound] of Object.entries({ DPoP: dpop, 'mutual TLS': mutualTls })) {
      test(`FAPI 2.0 §5.3.2.1 and §5.3.2.2 – PAR, private_key_jwt and ${name}`, async () => {
        const party = await partyWith(together(assertion, security, await bound()))
        const { access_token, refresh_token = '', claims } = await party.signIn(person, SCOPE)
        assert.equal((await party.userInfo(access_token, claims.sub)).email, 'carol@shop.example')
        assert.ok((await party.introspect(access_token)).cnf)
        await party.revoke((await party.refresh(refresh_token)).refresh_token ?? refresh_token)
        await assert.rejects(party.userInfo(access_token, claims.sub), isRefused)
      })

      test(`FAPI 2.0 Message Signing §5.3.1 and §5.4.1 – and signed both ways, with ${name}`, async () => {
        const party = await partyWith(together(assertion, security, await bound(), messages()))
        const { access_token, claims } = await party.signIn(person, 'openid email', { response_mode: 'jwt' })
        assert.equal((await party.userInfo(access_token, claims.sub)).email, 'carol@shop.example')
      })
    }

    test('FAPI 2.0 §5.3.2.2 – the same client, asking without pushing', async () => {
      const { pushes: _left, ...rest } = together(assertion, security, await dpop())
      await assert.rejects((await partyWith(rest)).signIn(person, 'openid'), { error: 'invalid_request' })
    })
  })
})
