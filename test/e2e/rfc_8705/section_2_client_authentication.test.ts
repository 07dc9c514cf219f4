/** RFC 8705 §2, §3 and §5 – clients that prove themselves, and their tokens, by a TLS certificate: over real connections. */
import 'reflect-metadata'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as x509 from '@peculiar/x509'
import { thumbprintOf } from '../../../src/oauth/certificate_identity.ts'
import type { Answer } from '../../support/client.ts'
import { type CertificateServer, type PortKind, startCertificateServer } from '../../support/client_certificates.ts'
import type { TestClient } from '../../support/oauth.ts'
import { createPkce } from '../../support/oauth.ts'
import { asClient, type Issued, issueAuthority, issueClient, rsaPair } from '../../support/pki.ts'
import { jsonPart } from '../../support/tokens.ts'

const NAME = { type: 'dns' as const, value: 'client.example' }
const MACHINE = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] }

type Shown = { cert: string; key: string }

for (const kind of ['main', 'own'] as const satisfies PortKind[])
  describe(`clients with certificates, on ${kind === 'main' ? 'the main port' : 'a port of its own'}`, () => {
    let stage: CertificateServer
    before(async () => {
      stage = await startCertificateServer(kind)
    })
    after(() => stage.close())

    const ask = ({ client_id }: TestClient, certificate?: Shown, form: Record<string, string> = {}): Promise<Answer> =>
      stage.request('POST', '/token', {
        form: { client_id, grant_type: 'client_credentials', ...form },
        ...(certificate && { certificate }),
      })

    const register = (metadata: Record<string, unknown>): Promise<TestClient> =>
      stage.server.admin.createClient({ ...MACHINE, ...metadata })

    const byName = (): Promise<TestClient> =>
      register({ token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_san_dns: NAME.value })

    const issued = async (wish: Parameters<typeof issueClient>[0], issuer: Issued = stage.root): Promise<Shown> =>
      asClient(await issueClient({ names: [NAME], ...wish }, issuer))

    const wrong: Record<string, () => Promise<Shown | undefined>> = {
      'no certificate': async () => undefined,
      'one of another CA of the same name': async () => issued({}, await issueAuthority({ subject: 'CN=Clients' })),
      'a self-signed one': async () => asClient(await issueClient({ names: [NAME] })),
      'an expired one': () => issued({ days: [-9, -1] }),
      'one that is not valid yet': () => issued({ days: [1, 9] }),
      'one for servers': () => issued({ usages: [x509.ExtendedKeyUsage.serverAuth] }),
      'one signed with SHA-1': () => issued({ hash: 'SHA-1' }),
      'an authority': () => issued({ basicConstraints: { isAuthority: true } }),
      'another name': () => issued({ names: [{ type: 'dns', value: 'other.example' }] }),
      'the name as common name alone': () => issued({ subject: `CN=${NAME.value}`, names: [] }),
      'a name with a wildcard': () => issued({ names: [{ type: 'dns', value: '*.example' }] }),
    }
    for (const [name, make] of Object.entries(wrong))
      test(`T-MT-01 T-MT-02 RFC 8705 §2.1 – ${name} is no tls_client_auth`, async () => {
        const answer = await ask(await byName(), await make())
        assert.deepEqual([answer.status, answer.json().error], [401, 'invalid_client'])
      })

    test('RFC 8705 §2.1 – the certificate of the registered name is', async () => {
      const answer = await ask(await byName(), await issued({}))
      assert.deepEqual([answer.status, answer.json().token_type], [200, 'Bearer'])
      assert.equal(jsonPart(answer.json<{ access_token: string }>().access_token, 1).cnf, undefined)
    })

    test('T-MT-03 RFC 8705 §6.5 – no header stands in for the certificate', async () => {
      const { cert } = await issued({})
      const client = await byName()
      for (const name of ['client-cert', 'x-ssl-client-cert', 'x-forwarded-client-cert', 'x-client-cert']) {
        const answer = await stage.request('POST', '/token', {
          form: { client_id: client.client_id, grant_type: 'client_credentials' },
          headers: { [name]: encodeURIComponent(cert) },
        })
        assert.equal(answer.json().error, 'invalid_client', name)
      }
    })

    test('RFC 6749 §2.3 – a secret beside the certificate is the secret of a client that has none', async () => {
      const answer = await ask(await byName(), await issued({}), { client_secret: 'x' })
      assert.equal(answer.json().error, 'invalid_client')
    })

    test('RFC 8705 §2 – a certificate does not stand in the way of other methods', async () => {
      const client = await register({ token_endpoint_auth_method: 'client_secret_post' })
      const answer = await ask(client, await issued({}), { client_secret: client.client_secret ?? '' })
      assert.equal(answer.status, 200)
    })

    for (const alg of ['EC', 'RSA'] as const)
      test(`RFC 8705 §2.2 RFC 7517 §4.7 – self_signed_tls_client_auth: only a certificate with a registered ${alg} key`, async () => {
        const make = (wish = {}) => issueClient(alg === 'RSA' ? { pair: rsaPair(2048), ...wish } : wish)
        const mine = await make()
        const jwk = mine.pair.publicKey.export({ format: 'jwk' })
        const client = await register({
          token_endpoint_auth_method: 'self_signed_tls_client_auth',
          jwks: { keys: [{ ...jwk, x5c: [mine.certificate.raw.toString('base64')] }] },
        })
        assert.equal((await ask(client, asClient(await make()))).json().error, 'invalid_client')
        assert.equal((await ask(client)).json().error, 'invalid_client')
        const expired = await make({ pair: mine.pair, days: [-9, -1] })
        assert.equal((await ask(client, asClient(expired))).json().error, 'invalid_client')
        assert.equal((await ask(client, asClient(mine))).status, 200)
        // RFC 8705 §2.2 – the key is what counts: a renewed certificate of the same key will do.
        assert.equal((await ask(client, asClient(await make({ pair: mine.pair })))).status, 200)
      })

    test('T-MT-06 RFC 8705 §3 – a bound token is good at UserInfo on a connection with its certificate, and on no other', async () => {
      const person = await stage.server.admin.createUser({ username: `bob-${kind}` })
      const client = await stage.server.admin.createClient({
        token_endpoint_auth_method: 'none',
        tls_client_certificate_bound_access_tokens: true,
        consent: 'skip',
      })
      const certificate = await issueClient({})
      const { verifier, challenge } = createPkce()
      const parameters = stage.server.oauth.authorizationParameters(client, challenge)
      const code = await stage.server.oauth.obtainCode(stage.server.browser(), client, parameters, person)
      const form = {
        grant_type: 'authorization_code',
        code,
        redirect_uri: client.redirect_uris[0] ?? '',
        code_verifier: verifier,
      }
      assert.equal((await ask(client, undefined, form)).json().error, 'invalid_request')
      const tokens = (await ask(client, asClient(certificate), form)).json<{ access_token: string }>()
      assert.deepEqual(jsonPart(tokens.access_token, 1).cnf, { 'x5t#S256': thumbprintOf(certificate.certificate.raw) })

      const headers = { authorization: `Bearer ${tokens.access_token}` }
      for (const shown of [undefined, asClient(await issueClient({}))]) {
        const answer = await stage.request('GET', '/userinfo', { headers, ...(shown && { certificate: shown }) })
        assert.deepEqual([answer.status, answer.json().error], [401, 'invalid_token'])
      }
      const answer = await stage.request('GET', '/userinfo', { headers, certificate: asClient(certificate) })
      assert.equal(answer.status, 200)
    })

    test('RFC 8705 §5 §3.3 – discovery tells of certificates, and of the port that takes them', async () => {
      for (const path of ['', '/realms/main']) {
        const metadata = (await stage.server.request('GET', `${path}/.well-known/openid-configuration`)).json()
        assert.equal(metadata.tls_client_certificate_bound_access_tokens, true)
        const methods = metadata.token_endpoint_auth_methods_supported as string[]
        assert.ok(methods.includes('tls_client_auth') && methods.includes('self_signed_tls_client_auth'))
        const aliases = metadata.mtls_endpoint_aliases as Record<string, string> | undefined
        if (kind === 'main') assert.equal(aliases, undefined)
        else {
          assert.equal(aliases?.token_endpoint, `${stage.origin}/token`)
          assert.equal(aliases?.authorization_endpoint, undefined)
          for (const [name, url] of Object.entries(aliases ?? {})) {
            assert.match(name, /_endpoint$/)
            assert.ok(name in metadata, name)
            assert.ok(url.startsWith(`${stage.origin}/`))
          }
        }
      }
    })
  })
