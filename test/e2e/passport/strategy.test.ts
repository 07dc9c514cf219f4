/** An express application whose people sign in by passport, with the strategy that openid-client brings for it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import express from 'express'
import session from 'express-session'
import * as openid from 'openid-client'
import { Strategy, type StrategyOptions } from 'openid-client/passport'
import { Passport } from 'passport'
import { type Answer, type Browser, readForm } from '../../support/client.ts'
import { type HttpsServer, startHttpsServer } from '../../support/https_server.ts'
import type { Person, TestClient } from '../../support/oauth.ts'
import { discover } from '../../support/openid_client.ts'
import { startServer, type TestServer } from '../../support/server.ts'

describe('passport', () => {
  let server: TestServer
  let person: Person

  before(async () => {
    server = await startServer()
    person = await server.admin.createUser({ username: 'carol', claims: { email: 'carol@shop.example' } })
  })
  after(() => server.close())

  type Wish = {
    metadata?: Record<string, unknown>
    authentication?: openid.ClientAuth
    options?: (configuration: openid.Configuration) => Promise<Partial<StrategyOptions>>
  }

  type User = { subject: string; email: unknown; idToken: string; tokenType: string }

  type Application = HttpsServer & { registered: TestClient }

  const startApplication = async ({ metadata, authentication, options }: Wish = {}): Promise<Application> => {
    let registered: TestClient | undefined
    const application = await startHttpsServer(async (origin) => {
      registered = await server.admin.createClient({
        redirect_uris: [`${origin}/callback`],
        post_logout_redirect_uris: [`${origin}/`],
        ...metadata,
      })
      const config = await discover({
        target: server,
        issuer: server.issuer,
        registered,
        authentication: authentication ?? openid.ClientSecretBasic(registered.client_secret),
      })
      const more = await options?.(config)
      const strategy = new Strategy(
        { config, name: 'server', callbackURL: `${origin}/callback`, scope: 'openid email', ...more },
        async (tokens, done) => {
          const claims = tokens.claims()
          const subject = claims?.sub ?? ''
          const DPoP = await more?.DPoP?.(undefined as never)
          const { email } = await openid.fetchUserInfo(config, tokens.access_token, subject, { DPoP })
          done(null, { subject, email, idToken: tokens.id_token, tokenType: tokens.token_type })
        },
      )
      const passport = new Passport()
      passport.use(strategy)
      passport.serializeUser((user, done) => done(null, user))
      passport.deserializeUser((user: User, done) => done(null, user))

      const app = express()
      app.use(session({ secret: 'of the tests', resave: false, saveUninitialized: false, cookie: { secure: true } }))
      app.use(passport.session())
      app.get('/sign-in', passport.authenticate('server'))
      app.get('/callback', passport.authenticate('server', { successRedirect: '/', failureRedirect: '/refused' }))
      app.get('/sign-out', (request, response, next) => {
        const { idToken } = request.user as User
        const parameters = { id_token_hint: idToken, post_logout_redirect_uri: `${origin}/` }
        request.logout((error) =>
          error ? next(error) : response.redirect(openid.buildEndSessionUrl(config, parameters).href),
        )
      })
      app.get('/', (request, response) => response.json(request.user ?? null))
      const refuse: express.ErrorRequestHandler = ({ cause }, _request, response, _next) => {
        response.status(500).send(String(cause))
      }
      app.use(refuse)
      return app
    })
    if (!registered) throw new Error('no client was registered')
    return { ...application, registered }
  }

  /** To the answer that the application gives to the authorization response. */
  const visit = async (
    application: Application,
    browser: Browser,
    decision: 'allow' | 'deny' = 'allow',
  ): Promise<Answer> => {
    const { registered, origin } = application
    const response = await server.oauth.visit(browser, registered, `${origin}/sign-in`, person, decision)
    assert.ok('parameters' in response, JSON.stringify(response))
    return await browser.request('GET', response.location)
  }

  const userOf = async ({ origin }: Application, browser: Browser): Promise<User | null> =>
    (await browser.request('GET', `${origin}/`)).json<User | null>()

  test('RFC 6749 §4.1.2.1 – a person who says no is nobody at the application', async (t) => {
    const application = await startApplication()
    t.after(application.close)
    const browser = server.browser()
    assert.equal((await visit(application, browser, 'deny')).headers.location, '/refused')
    assert.equal(await userOf(application, browser), null)
  })

  test('RFC 9700 §4.4 – an answer that names another issuer is none', async (t) => {
    const application = await startApplication()
    t.after(application.close)
    const browser = server.browser()
    const response = await server.oauth.visit(browser, application.registered, `${application.origin}/sign-in`, person)
    assert.ok('parameters' in response)
    const forged = response.location.replace(/iss=[^&]*/, `iss=${encodeURIComponent('https://other.example')}`)
    assert.notEqual(forged, response.location)
    const answer = await browser.request('GET', forged)
    assert.equal(answer.status, 500)
    assert.match(answer.body, /unexpected "iss"/)
    assert.equal(await userOf(application, browser), null)
  })

  test('RP-Initiated Logout §2 – signed in, and out at both ends', async (t) => {
    const application = await startApplication()
    t.after(application.close)
    const browser = server.browser()
    assert.equal((await visit(application, browser)).headers.location, '/')
    assert.equal((await userOf(application, browser))?.email, 'carol@shop.example')
    const away = await browser.request('GET', `${application.origin}/sign-out`)
    const back = await browser.request('GET', away.headers.location ?? '')
    assert.equal(back.headers.location, `${application.origin}/`)
    assert.equal(await userOf(application, browser), null)
    const again = await browser.request('GET', `${application.origin}/sign-in`)
    const onward = await browser.request('GET', again.headers.location ?? '')
    const page = await browser.request('GET', onward.headers.location ?? '')
    assert.deepEqual(readForm(page.body)?.buttons, ['login'])
  })

  test('RFC 9126 §2 RFC 9101 §5 RFC 9449 §10 – with everything that the strategy can do at once', async (t) => {
    const keys = await openid.randomDPoPKeyPair('ES256', { extractable: true })
    const jwk = await crypto.subtle.exportKey('jwk', keys.publicKey)
    const signing = { key: keys.privateKey, kid: 'rp' }
    await server.admin.updateRealm('main', { dpop_nonce: 'required' })
    t.after(() => server.admin.updateRealm('main', { dpop_nonce: 'off' }))
    const application = await startApplication({
      metadata: {
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [{ ...jwk, kid: 'rp', alg: 'ES256', use: 'sig' }] },
        require_pushed_authorization_requests: true,
        require_signed_request_object: true,
        dpop_bound_access_tokens: true,
      },
      authentication: openid.PrivateKeyJwt(signing),
      options: async (config) => {
        const handle = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
        return { usePAR: true, useJAR: signing, DPoP: async () => handle }
      },
    })
    t.after(application.close)
    const browser = server.browser()
    assert.equal((await visit(application, browser)).headers.location, '/')
    const user = await userOf(application, browser)
    assert.deepEqual([user?.email, user?.tokenType], ['carol@shop.example', 'dpop'])
  })
})
