/** Apache with mod_auth_openidc in front of a page: who may see it, with which claims, and how a sign-out reaches it. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Apache, apacheMissing, type Directives, startApache } from '../../support/apache.ts'
import { type Answer, type Browser, readForm } from '../../support/client.ts'
import type { Person, TestClient } from '../../support/oauth.ts'
import { until } from '../../support/patience.ts'
import { type ServerProcess, startServerProcess, testCertificates } from '../../support/server.ts'
import { createKey, publicJwkOf } from '../../support/tokens.ts'

/** The module takes somebody for a browser by it, and sends nobody else to sign in. */
const AS_BROWSER = { headers: { accept: 'text/html' } }

describe('mod_auth_openidc', { skip: apacheMissing() }, () => {
  let server: ServerProcess
  let person: Person
  let subject: string

  before(async () => {
    // It tells Apache of a logout over TLS.
    server = await startServerProcess({ processEnv: { NODE_EXTRA_CA_CERTS: (await testCertificates()).authority } })
    person = await server.admin.createUser({ username: 'carol', claims: { email: 'carol@shop.example' } })
    const user = await server.admin.request('GET', `/admin/realm/main/user/${person.username}`)
    subject = user.json<{ sub: string }>().sub
  })
  after(() => server?.close())

  // A key on a curve keeps this version from starting.
  const key = createKey('RS256')

  const ways: Record<string, { metadata: Record<string, unknown>; directives(folder: string): Directives }> = {
    'a secret': { metadata: {}, directives: () => ({}) },
    'an assertion, and answers in a form': {
      metadata: {
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [publicJwkOf(key, { kid: 'apache', alg: 'RS256', use: 'sig' })] },
        // Its assertions name the address that they are sent to.
        allow_token_endpoint_audience: true,
        id_token_signed_response_alg: 'ES256',
      },
      directives: (folder) => {
        const files = { private: join(folder, 'private.pem'), public: join(folder, 'public.pem') }
        writeFileSync(files.private, key.privateKey.export({ type: 'pkcs8', format: 'pem' }))
        writeFileSync(files.public, key.publicKey.export({ type: 'spki', format: 'pem' }))
        return {
          OIDCPrivateKeyFiles: `apache#${files.private}`,
          OIDCPublicKeyFiles: `apache#${files.public}`,
          OIDCProviderTokenEndpointAuth: 'private_key_jwt',
          OIDCIDTokenSignedResponseAlg: 'ES256',
          OIDCResponseMode: 'form_post',
        }
      },
    },
  }

  for (const [name, way] of Object.entries(ways))
    describe(`with ${name}`, () => {
      let apache: Apache
      let registered: TestClient

      before(async () => {
        apache = await startApache(async (origin, folder) => {
          registered = await server.admin.createClient({
            redirect_uris: [`${origin}/protected/answer`],
            post_logout_redirect_uris: [`${origin}/public`],
            backchannel_logout_uri: `${origin}/protected/answer?logout=backchannel`,
            backchannel_logout_session_required: true,
            ...way.metadata,
          })
          return {
            OIDCProviderMetadataURL: `${server.issuer}/.well-known/openid-configuration`,
            OIDCClientID: registered.client_id,
            ...(registered.client_secret && { OIDCClientSecret: registered.client_secret }),
            OIDCRedirectURI: `${origin}/protected/answer`,
            OIDCCryptoPassphrase: 'of the tests',
            OIDCPKCEMethod: 'S256',
            OIDCScope: 'openid email',
            ...way.directives(folder),
          }
        })
      })
      after(() => apache?.close())

      const ask = (browser: Browser): Promise<Answer> =>
        browser.request('GET', `${apache.origin}/protected/page`, AS_BROWSER)

      const mayRead = async (browser: Browser): Promise<boolean> => (await ask(browser)).status === 200

      /** To what Apache answers to the authorization response. */
      const signIn = async (browser: Browser, decision: 'allow' | 'deny' = 'allow'): Promise<Answer> => {
        const { location = '' } = (await ask(browser)).headers
        const response = await server.oauth.visit(browser, registered, location, person, decision)
        assert.ok('parameters' in response, JSON.stringify(response))
        const isPosted = response.location === registered.redirect_uris[0]
        return isPosted
          ? await browser.request('POST', response.location, { ...AS_BROWSER, form: [...response.parameters] })
          : await browser.request('GET', response.location, AS_BROWSER)
      }

      test('RFC 6749 §4.1.2.1 – who says no does not get in', async () => {
        const browser = server.browser()
        // What it says differs: before RFC 9207, `iss` in an answer without a code meant something else to it.
        assert.notEqual((await signIn(browser, 'deny')).status, 302)
        assert.equal(await mayRead(browser), false)
      })

      test('OpenID Connect Core §3.1 §5.3 – the page is shown, with the claims of the person', async () => {
        const browser = server.browser()
        assert.equal(await mayRead(browser), false)
        const { headers } = await signIn(browser)
        assert.equal(headers.location, `${apache.origin}/protected/page`)
        assert.equal((await ask(browser)).body, `${subject}@${new URL(server.issuer).host} carol@shop.example`)
      })

      test('RP-Initiated Logout §2 – its sign-out ends the session at the server, and leads back', async () => {
        const browser = server.browser()
        await signIn(browser)
        const returnTo = `${apache.origin}/public`
        const query = new URLSearchParams({ logout: returnTo })
        const away = await browser.request('GET', `${apache.origin}/protected/answer?${query}`)
        const back = await browser.request('GET', away.headers.location ?? '')
        assert.equal(back.headers.location, returnTo)
        assert.equal(await mayRead(browser), false)
      })

      test('Back-Channel Logout §2.5 – a sign-out elsewhere closes the page', async () => {
        const [browser, other] = [server.browser(), server.browser()]
        await signIn(browser)
        await signIn(other)
        const page = await browser.request('GET', server.url('/logout'))
        const form = readForm(page.body)
        await browser.request('POST', new URL(form?.action ?? '', server.issuer).href, {
          form: form?.fields ?? {},
          headers: { origin: server.issuer },
        })
        await until('Apache knows', async () => !(await mayRead(browser)))
        assert.equal(await mayRead(other), true, 'the session of another browser goes on')
      })
    })
})
