/** Front-Channel Logout §2 and §3 – the browser tells the clients, one in a frame each, and then goes where the logout leads. */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { decodeJwt } from 'jose'
import { browserMissing, launchBrowser } from '../../support/browser.ts'
import { type Answer, type Browser, readForm } from '../../support/client.ts'
import { type LogoutReceiver, startLogoutReceiver } from '../../support/logout_receiver.ts'
import type { Person, TestClient, TokenAnswer } from '../../support/oauth.ts'
import { until } from '../../support/patience.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let receivers: LogoutReceiver[]
let clients: TestClient[]
let people = 0

before(async () => {
  server = await startServer()
  receivers = [await startLogoutReceiver(), await startLogoutReceiver()]
  clients = await Promise.all(
    receivers.map((receiver) => server.admin.createClient({ ...receiver.metadata, ...receiver.frontchannel })),
  )
})
after(async () => {
  await server?.close()
  for (const receiver of receivers ?? []) await receiver.close()
})
afterEach(() => {
  for (const receiver of receivers) receiver.frames.length = 0
})

const newPerson = (): Promise<Person> => server.admin.createUser({ username: `person-${++people}` })

/** Signed in at each of the clients, in one browser. */
const signIn = async (at = clients): Promise<{ browser: Browser; tokens: TokenAnswer[]; sid: string }> => {
  const person = await newPerson()
  const browser = server.browser()
  const tokens: TokenAnswer[] = []
  for (const client of at) tokens.push(await server.oauth.obtainTokens(client, person, { browser }))
  return { browser, tokens, sid: decodeJwt(tokens[0]?.id_token ?? '').sid as string }
}

const logout = (browser: Browser, parameters: Record<string, string>): Promise<Answer> =>
  browser.request('GET', `/logout?${new URLSearchParams(parameters)}`)

const framesIn = ({ body }: Answer): URL[] =>
  [...body.matchAll(/<iframe src="([^"]+)"/g)].map(([, src = '']) => new URL(src.replaceAll('&amp;', '&')))

const csp = ({ headers }: Answer): string => String(headers['content-security-policy'])

describe('Front-Channel Logout §3 – no frame', () => {
  test('for a client that the session was not used for, nor for one that has no address for it', async () => {
    const plain = await server.admin.createClient({ ...receivers[0]?.metadata })
    const { browser, tokens } = await signIn([plain])
    const answer = await logout(browser, { id_token_hint: tokens[0]?.id_token ?? '' })
    assert.equal(answer.status, 303)
    assert.doesNotMatch(answer.body, /iframe/)
  })

  test('T-SE-15 before the person has agreed, and no other page may hold one', async () => {
    const { browser, sid } = await signIn()
    const answer = await logout(browser, {})
    assert.ok(readForm(answer.body)?.buttons.includes('sign-out'))
    assert.deepEqual(framesIn(answer), [])
    assert.doesNotMatch(csp(answer), /frame-src/)
    assert.ok(await server.deps.sessions.find(sid))
  })
})

describe('Front-Channel Logout §2 and §3 – a frame for each client', () => {
  test('with the issuer and the sid of its ID token, and nothing else', async () => {
    const { browser, tokens, sid } = await signIn()
    const returnTo = `${receivers[0]?.origin}/signed-out`
    const hint = tokens[0]?.id_token ?? ''
    const answer = await logout(browser, { id_token_hint: hint, post_logout_redirect_uri: returnTo, state: 'a b&c' })
    assert.equal(answer.status, 200)
    assert.deepEqual(
      framesIn(answer)
        .map(({ origin }) => origin)
        .sort(),
      receivers.map(({ origin }) => origin).sort(),
    )
    for (const { pathname, searchParams } of framesIn(answer)) {
      assert.equal(pathname, '/frontchannel')
      assert.deepEqual(Object.fromEntries(searchParams), { iss: server.issuer, sid })
    }
    assert.match(answer.body, new RegExp(`href="${returnTo}\\?state=a\\+b%26c"`))
    assert.equal(await server.deps.sessions.find(sid), undefined)
    assert.equal(browser.jar.has('__Host-sso.main'), false)
    assert.match(String(answer.headers['cache-control']), /no-store/)
  })

  test('CSP Level 3 §2.3.1 and the page lets their origins be framed, and no others', async () => {
    const { browser, tokens } = await signIn()
    const answer = await logout(browser, { id_token_hint: tokens[1]?.id_token ?? '' })
    const source = /frame-src ([^;]+)/.exec(csp(answer))?.[1]?.split(' ')
    assert.deepEqual(source?.sort(), receivers.map(({ origin }) => origin).sort())
    assert.match(csp(answer), /default-src 'none'.*frame-ancestors 'none'/)
    assert.match(answer.body, /sandbox="allow-scripts allow-same-origin"/)
    assert.match(answer.body, new RegExp(`href="${server.issuer}/signed-out"`))
  })

  test('T-SE-15 once the person has agreed as well', async () => {
    const { browser, sid } = await signIn()
    const form = readForm((await logout(browser, {})).body)
    const headers = { origin: server.issuer, 'sec-fetch-site': 'same-origin' }
    const answer = await browser.request('POST', form?.action ?? '', { form: form?.fields ?? {}, headers })
    assert.equal(framesIn(answer).length, 2)
    assert.equal(await server.deps.sessions.find(sid), undefined)
  })

  test('Front-Channel Logout §2 keeps the query of the address', async () => {
    const [receiver] = receivers
    const uri = `${receiver?.origin}/frontchannel?tenant=a%20b`
    const client = await server.admin.createClient({ ...receiver?.metadata, frontchannel_logout_uri: uri })
    const { browser, tokens, sid } = await signIn([client])
    const [frame] = framesIn(await logout(browser, { id_token_hint: tokens[0]?.id_token ?? '' }))
    assert.equal(frame?.href, `${uri}&${new URLSearchParams({ iss: server.issuer, sid })}`)
  })

  test('RFC 8252 §7.1 and goes on to an application by its own scheme', async () => {
    const native = await server.admin.createClient({
      application_type: 'native',
      redirect_uris: ['com.example.app:/callback'],
      post_logout_redirect_uris: ['com.example.app:/signed-out'],
      token_endpoint_auth_method: 'none',
      consent: 'skip',
    })
    const { browser, tokens } = await signIn([...clients, native])
    const answer = await logout(browser, {
      id_token_hint: tokens[2]?.id_token ?? '',
      post_logout_redirect_uri: 'com.example.app:/signed-out',
    })
    assert.equal(answer.status, 200)
    assert.match(answer.body, /href="com\.example\.app:\/signed-out"/)
  })
})

describe('Front-Channel Logout §3 – in a real browser', { skip: browserMissing() }, () => {
  let chromium: Awaited<ReturnType<typeof launchBrowser>>
  before(async () => {
    chromium = await launchBrowser()
  })
  after(() => chromium?.close())

  test('RP-Initiated Logout §3 – both clients are told, then the person is back at the client, with the state', async (t) => {
    const { page, context, problems } = await chromium.visit()
    t.after(() => context.close())
    const { browser, tokens, sid } = await signIn()
    await context.addCookies(
      [...browser.jar].map(([name, value]) => ({ name, value, url: server.issuer, secure: true, httpOnly: true })),
    )
    const returnTo = `${receivers[0]?.origin}/signed-out`
    const query = { id_token_hint: tokens[0]?.id_token ?? '', post_logout_redirect_uri: returnTo, state: 's' }
    await page.goto(server.url(`/logout?${new URLSearchParams(query)}`))
    await page.waitForURL(`${returnTo}?state=s`)
    await until('both are told', () => receivers.every(({ frames }) => frames.length === 1))
    for (const { frames } of receivers)
      assert.deepEqual(Object.fromEntries(frames[0] ?? []), { iss: server.issuer, sid })
    assert.deepEqual(problems, [])
  })
})
