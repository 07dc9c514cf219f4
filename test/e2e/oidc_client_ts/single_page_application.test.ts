/** A single-page application of another origin in Chromium: oidc-client-ts signs in, asks UserInfo, renews, and signs out. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { type BrowserUnderTest, browserMissing, launchBrowser, type Visit } from '../../support/browser.ts'
import { type HttpsServer, startHttpsServer } from '../../support/https_server.ts'
import type { Person } from '../../support/oauth.ts'
import { freePort } from '../../support/ports.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { press, signIn } from '../browser/stage.ts'

const library = readFileSync(
  join(
    dirname(createRequire(import.meta.url).resolve('oidc-client-ts/package.json')),
    'dist/browser/oidc-client-ts.js',
  ),
)

/** Every address of the application is this page; the browser arrives at some of them with an answer of the server. */
const PAGE = `<!doctype html>
<html lang="en"><title>A single-page application</title><link rel="icon" href="data:,">
<script src="/oidc-client-ts.js"></script>
<script>
const settings = JSON.parse(localStorage.settings ?? '{}')
if (settings.dpop) settings.dpop.store = new oidc.IndexedDbDPoPStore()
const manager = new oidc.UserManager({
  redirect_uri: location.origin + '/callback',
  post_logout_redirect_uri: location.origin + '/signed-out',
  ...settings,
})
const arrivals = { '/callback': () => manager.signinCallback(), '/signed-out': () => manager.signoutCallback() }
const arrived = Promise.resolve(arrivals[location.pathname]?.())
</script></html>`

const application: RequestListener = (request, response) => {
  const isLibrary = request.url === '/oidc-client-ts.js'
  response.setHeader('content-type', isLibrary ? 'text/javascript' : 'text/html').end(isLibrary ? library : PAGE)
}

type SignedIn = {
  access_token: string
  refresh_token?: string
  token_type: string
  profile: { sub: string; email?: string }
}

const USER = 'arrived.then(() => manager.getUser())'

describe('oidc-client-ts', { skip: browserMissing() }, () => {
  let server: TestServer
  let here: HttpsServer
  let elsewhere: HttpsServer
  let chromium: BrowserUnderTest
  let person: Person

  before(async () => {
    here = await startHttpsServer(() => application)
    elsewhere = await startHttpsServer(() => application)
    server = await startServer({
      config: { server_params: { cors_allowed_origins: [here.origin], shutdown_grace_secs: 0 } },
      port: await freePort(),
    })
    person = await server.admin.createUser({ username: 'carol', claims: { email: 'carol@shop.example' } })
    chromium = await launchBrowser()
  })
  after(async () => {
    await chromium?.close()
    await server?.close()
    await here?.close()
    await elsewhere?.close()
  })

  /** To the moment when the browser is back at the application. */
  const arriveAt = async (
    { origin }: HttpsServer,
    visit: Visit,
    settings: Record<string, unknown>,
    metadata: Record<string, unknown> = {},
  ): Promise<void> => {
    const { page } = visit
    const { client_id } = await server.admin.createClient({
      token_endpoint_auth_method: 'none',
      redirect_uris: [`${origin}/callback`],
      post_logout_redirect_uris: [`${origin}/signed-out`],
      dpop_bound_access_tokens: 'dpop' in settings,
      ...metadata,
    })
    const all = { authority: server.issuer, client_id, scope: 'openid email', loadUserInfo: true, ...settings }
    await page.goto(origin)
    await page.evaluate(
      (text) => Reflect.set(Reflect.get(globalThis, 'localStorage'), 'settings', text),
      JSON.stringify(all),
    )
    await page.reload()
    await Promise.all([page.waitForURL(`${server.issuer}/**`), page.evaluate('void manager.signinRedirect()')])
    await signIn(page, person)
    await press(page, 'Allow')
    await page.waitForURL(`${origin}/callback?*`)
  }

  const userOf = (page: Page): Promise<SignedIn | null> => page.evaluate(USER)

  const open = async (t: { after(end: () => unknown): void }): Promise<Visit> => {
    const visit = await chromium.visit()
    t.after(() => visit.context.close())
    return visit
  }

  test('T-CS-04 – a page of an origin that is not configured gets no tokens', async (t) => {
    const visit = await open(t)
    await arriveAt(elsewhere, visit, {})
    await assert.rejects(visit.page.evaluate('arrived'), /Failed to fetch/)
    assert.ok(visit.problems.some((problem) => problem.includes('CORS')))
  })

  test('OpenID Connect Core §5.3 – sign-in by redirect, with what UserInfo says', async (t) => {
    const visit = await open(t)
    await arriveAt(here, visit, {})
    assert.equal((await userOf(visit.page))?.profile.email, 'carol@shop.example')
    assert.deepEqual(visit.problems, [])
  })

  for (const [how, grant_types] of [
    ['in a frame', ['authorization_code']],
    ['by refresh token', ['authorization_code', 'refresh_token']],
  ] as const)
    test(`OpenID Connect Core §3.1.2.1 §12 – renewed ${how}, until it is revoked`, async (t) => {
      const visit = await open(t)
      await arriveAt(here, visit, { revokeTokenTypes: ['access_token', 'refresh_token'] }, { grant_types })
      const first = await userOf(visit.page)
      assert.equal(first?.refresh_token !== undefined, how === 'by refresh token')
      const second = await visit.page.evaluate<SignedIn | null>('manager.signinSilent()')
      assert.notEqual(second?.access_token, first?.access_token)
      assert.equal(second?.profile.sub, first?.profile.sub)
      assert.deepEqual(visit.problems, [])
      await visit.page.evaluate('manager.revokeTokens()')
      const authorization = `Bearer ${second?.access_token}`
      assert.equal((await server.request('GET', '/userinfo', { headers: { authorization } })).status, 401)
    })

  test('RP-Initiated Logout §2 and §3 – sign-out, and nobody is signed in anywhere', async (t) => {
    const visit = await open(t)
    await arriveAt(here, visit, {})
    await visit.page.evaluate('arrived')
    await Promise.all([
      visit.page.waitForURL(`${here.origin}/signed-out`),
      visit.page.evaluate('void manager.signoutRedirect()'),
    ])
    await visit.page.evaluate('arrived')
    assert.equal(await visit.page.evaluate('manager.getUser()'), null)
    const failure = await visit.page.evaluate('manager.signinSilent().catch(({ error }) => error)')
    assert.equal(failure, 'login_required')
  })

  for (const dpop_nonce of ['off', 'required'])
    test(`RFC 9449 §5 §7 §8 – with DPoP, nonces ${dpop_nonce}: the code, the refresh and UserInfo`, async (t) => {
      await server.admin.updateRealm('main', { dpop_nonce })
      t.after(() => server.admin.updateRealm('main', { dpop_nonce: 'off' }))
      const visit = await open(t)
      const scope = 'openid email offline_access'
      // The library shows its access token as a bearer token at UserInfo: the page asks by itself.
      await arriveAt(here, visit, { scope, loadUserInfo: false, dpop: { bind_authorization_code: true } })
      const user = await userOf(visit.page)
      assert.equal(user?.token_type, 'DPoP')
      await visit.page.evaluate('manager.signinSilent()')
      const info = await visit.page.evaluate(`(async () => {
        const user = await manager.getUser()
        const url = '${server.issuer}/userinfo'
        const ask = async (nonce) => fetch(url, {
          headers: { authorization: 'DPoP ' + user.access_token, dpop: await manager.dpopProof(url, user, 'GET', nonce) },
        })
        const first = await ask()
        const answer = first.status === 401 ? await ask(first.headers.get('dpop-nonce')) : first
        return { first: first.status, email: (await answer.json()).email }
      })()`)
      assert.deepEqual(info, { first: dpop_nonce === 'off' ? 200 : 401, email: 'carol@shop.example' })
    })
})
