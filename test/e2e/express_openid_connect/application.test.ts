/** An express application whose people sign in by express-openid-connect: by a secret, by signed and pushed requests, by a certificate. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import express from 'express'
import { auth, type ConfigParams } from 'express-openid-connect'
import session from 'express-session'
import type { Answer, Browser } from '../../support/client.ts'
import { type HttpsServer, startHttpsServer } from '../../support/https_server.ts'
import type { Person, TestClient } from '../../support/oauth.ts'
import { fetchFrom } from '../../support/openid_client.ts'
import { until } from '../../support/patience.ts'
import { freePort } from '../../support/ports.ts'
import { type ServerProcess, startServerProcess, testCertificates } from '../../support/server.ts'
import { createKey, publicJwkOf } from '../../support/tokens.ts'

describe('express-openid-connect', () => {
  let server: ServerProcess
  let person: Person
  let certificate: { cert: string; key: string }

  before(async () => {
    const { authority } = await testCertificates()
    const development = (file: string): string => readFileSync(join(dirname(authority), file), 'utf8')
    certificate = { cert: development('client.crt'), key: development('client.key') }
    server = await startServerProcess({
      config: { mtls_params: { host_port: await freePort() } },
      // It tells the applications of a logout over TLS.
      processEnv: { NODE_EXTRA_CA_CERTS: authority },
    })
    person = await server.admin.createUser({ username: 'carol', claims: { email: 'carol@shop.example' } })
  })
  after(() => server?.close())

  type Wish = { metadata?: Record<string, unknown>; config?: (registered: TestClient) => Partial<ConfigParams> }

  type Application = HttpsServer & { registered: TestClient }

  const startApplication = async ({ metadata, config }: Wish): Promise<Application> => {
    let registered: TestClient | undefined
    const application = await startHttpsServer(async (origin) => {
      registered = await server.admin.createClient({
        redirect_uris: [`${origin}/callback`],
        post_logout_redirect_uris: [origin],
        backchannel_logout_uri: `${origin}/backchannel-logout`,
        ...metadata,
      })
      const app = express()
      app.use(
        auth({
          issuerBaseURL: server.issuer,
          baseURL: origin,
          clientID: registered.client_id,
          secret: 'a secret of the tests for cookies',
          authRequired: false,
          idpLogout: true,
          authorizationParams: { response_type: 'code', scope: 'openid email offline_access' },
          // Its types ask for more of a store than it uses.
          backchannelLogout: { store: new session.MemoryStore() as never },
          customFetch: fetchFrom(server) as never,
          ...config?.(registered),
        }),
      )
      app.get('/', ({ oidc }, response) => response.json(oidc.isAuthenticated() ? oidc.user : null))
      app.get('/id_token', ({ oidc }, response) => response.send(oidc.idToken))
      app.get('/refreshed', async ({ oidc }, response) => {
        await oidc.accessToken?.refresh()
        response.json(await oidc.fetchUserInfo())
      })
      return app
    })
    if (!registered) throw new Error('no client was registered')
    return { ...application, registered }
  }

  const at = (application: Application, browser: Browser, path: string): Promise<Answer> =>
    browser.request('GET', `${application.origin}${path}`)

  const signIn = async (application: Application, browser: Browser): Promise<void> => {
    const { registered, origin } = application
    const response = await server.oauth.visit(browser, registered, `${origin}/login`, person)
    assert.ok('parameters' in response, JSON.stringify(response))
    const isPosted = response.location === `${origin}/callback`
    const arrived = isPosted
      ? await browser.request('POST', response.location, { form: [...response.parameters] })
      : await browser.request('GET', response.location)
    assert.deepEqual([arrived.status, arrived.headers.location], [302, origin], arrived.body)
  }

  const key = createKey('ES256')
  const signing = key.privateKey.export({ type: 'pkcs8', format: 'pem' })

  const ways: Record<string, Wish> = {
    'a secret': { config: ({ client_secret }) => ({ clientSecret: client_secret ?? '' }) },
    'a secret, and answers in a form': {
      config: ({ client_secret }) => ({
        clientSecret: client_secret ?? '',
        authorizationParams: {
          response_type: 'code',
          response_mode: 'form_post',
          scope: 'openid email offline_access',
        },
      }),
    },
    'an assertion, and requests that are signed and pushed': {
      metadata: {
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [publicJwkOf(key, { alg: 'ES256', use: 'sig' })] },
        require_signed_request_object: true,
        require_pushed_authorization_requests: true,
        id_token_signed_response_alg: 'ES256',
      },
      config: () => ({
        clientAssertionSigningKey: signing,
        clientAssertionSigningAlg: 'ES256',
        requestObjectSigningKey: signing,
        requestObjectSigningAlg: 'ES256',
        pushedAuthorizationRequests: true,
        idTokenSigningAlg: 'ES256',
      }),
    },
    'a certificate': {
      metadata: {
        token_endpoint_auth_method: 'tls_client_auth',
        tls_client_auth_subject_dn: 'CN=development-client',
        tls_client_certificate_bound_access_tokens: true,
      },
      config: () => ({ useMtls: true, customFetch: fetchFrom(server, certificate) as never }),
    },
  }

  for (const [name, wish] of Object.entries(ways))
    describe(`with ${name}`, () => {
      let application: Application
      before(async () => {
        application = await startApplication(wish)
      })
      after(() => application?.close())

      const userOf = async (browser: Browser) => (await at(application, browser, '/')).json<{ sub: string } | null>()

      test('Back-Channel Logout §2.6 – a forged logout token ends nothing', async () => {
        const browser = server.browser()
        await signIn(application, browser)
        const idToken = (await at(application, browser, '/id_token')).body
        const answer = await server.request('POST', `${application.origin}/backchannel-logout`, {
          form: { logout_token: idToken },
        })
        assert.equal(answer.status, 400)
        assert.ok(await userOf(browser))
      })

      test('OpenID Connect Core §3.1 §5.3 §12 – sign-in, refresh and UserInfo', async () => {
        const browser = server.browser()
        assert.equal(await userOf(browser), null)
        await signIn(application, browser)
        const info = (await at(application, browser, '/refreshed')).json()
        assert.deepEqual([info.email, info.sub], ['carol@shop.example', (await userOf(browser))?.sub])
      })

      test('RP-Initiated Logout §2 – sign-out, here and at the server', async () => {
        const browser = server.browser()
        await signIn(application, browser)
        const away = await at(application, browser, '/logout')
        const back = await browser.request('GET', away.headers.location ?? '')
        assert.equal(back.headers.location, application.origin)
        assert.equal(await userOf(browser), null)
      })

      test('Back-Channel Logout §2.5 – a sign-out elsewhere reaches the application', async () => {
        const browser = server.browser()
        await signIn(application, browser)
        const idToken = (await at(application, browser, '/id_token')).body
        assert.ok(await userOf(browser))
        await browser.request('GET', server.url(`/logout?${new URLSearchParams({ id_token_hint: idToken })}`))
        await until('the application knows', async () => (await userOf(browser)) === null)
      })
    })

  test('OpenID Connect Core §3.1.2.6 – it asks silently, and lets a stranger be one', async (t) => {
    const application = await startApplication({
      config: ({ client_secret }) => ({ clientSecret: client_secret ?? '', attemptSilentLogin: true }),
    })
    t.after(application.close)
    const browser = server.browser()
    const options = { headers: { accept: 'text/html' } }
    const asked = await browser.request('GET', application.origin, options)
    assert.match(asked.headers.location ?? '', /prompt=none/)
    const answered = await browser.request('GET', asked.headers.location ?? '')
    assert.match(answered.headers.location ?? '', /error=login_required/)
    const back = await browser.request('GET', answered.headers.location ?? '')
    const page = new URL(back.headers.location ?? '', application.origin)
    assert.equal((await browser.request('GET', page.href, options)).body, 'null')
  })
})
