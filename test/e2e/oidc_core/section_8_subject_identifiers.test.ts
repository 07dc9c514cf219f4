/** OpenID Connect Core §8 – pairwise subjects, wherever a subject leaves this server or comes back to it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { decodeJwt } from 'jose'
import type { Browser } from '../../support/client.ts'
import { type LogoutReceiver, startLogoutReceiver } from '../../support/logout_receiver.ts'
import {
  clientAuthentication,
  createOauth,
  createPkce,
  type Person,
  type TestClient,
  type TokenAnswer,
} from '../../support/oauth.ts'
import { until } from '../../support/patience.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const RETURN_TO = 'https://one.example/signed-out'

let server: TestServer
let receiver: LogoutReceiver
let alice: Person
let accountId: string
/** Two of one sector, one of another, and one that is of none. */
let one: TestClient
let sibling: TestClient
let two: TestClient
let open: TestClient

const createClient = (host: string, members: Record<string, unknown> = {}): Promise<TestClient> =>
  server.admin.createClient({
    subject_type: 'pairwise',
    redirect_uris: [`https://${host}/cb`],
    consent: 'skip',
    ...receiver.backchannel,
    ...members,
  })

before(async () => {
  server = await startServer()
  receiver = await startLogoutReceiver()
  alice = await server.admin.createUser({ username: 'alice' })
  const shown = await server.admin.request('GET', '/admin/realm/main/user/alice')
  accountId = shown.json<{ sub: string }>().sub
  one = await createClient('one.example', { post_logout_redirect_uris: [RETURN_TO] })
  sibling = await createClient('one.example')
  two = await createClient('two.example')
  open = await createClient('one.example', { subject_type: 'public' })
})
after(async () => {
  await server?.close()
  await receiver?.close()
})

type Claims = { sub: string; sid: string; sealed_user?: string; authorization_id: string }

const signIn = async (client: TestClient, browser: Browser = server.browser()) => {
  const tokens = await server.oauth.obtainTokens(client, alice, { browser })
  const [access, id] = [tokens.access_token, tokens.id_token].map((token) => decodeJwt(token) as Claims)
  assert.ok(access && id)
  return { browser, tokens, access, id }
}

const userinfo = async ({ access_token: token }: TokenAnswer): Promise<string> => {
  const answer = await server.request('GET', '/userinfo', { headers: { authorization: `Bearer ${token}` } })
  return answer.json<{ sub: string }>().sub
}

const introspect = async (caller: TestClient, token: string): Promise<Record<string, unknown>> => {
  const { headers, form } = clientAuthentication(caller)
  return (await server.request('POST', '/introspect', { headers, form: { ...form, token } })).json()
}

/** The whole answer of a silent request, in a browser that knows the person. */
const askSilently = async (browser: Browser, client: TestClient, extra: Record<string, string>) => {
  const { challenge } = createPkce()
  const parameters = server.oauth.authorizationParameters(client, challenge, { prompt: 'none', ...extra })
  const answer = await browser.request('GET', `/authorize?${new URLSearchParams(parameters)}`)
  return new URL(answer.headers.location ?? '').searchParams
}

describe('OpenID Connect Core §8.1 and §17.3 – a pairwise client is told nothing that another sector is told too', () => {
  test('not the account, not by any claim of any token, and not by the name of the session', async () => {
    const browser = server.browser()
    const first = await signIn(one, browser)
    const second = await signIn(two, browser)
    const values = ({ access, id }: { access: Claims; id: Claims }): string[] =>
      [...Object.values(access), ...Object.values(id)].filter((value) => typeof value === 'string' && value.length > 12)
    const common = values(first).filter((value) => values(second).includes(value))
    assert.deepEqual([...new Set(common)], [server.issuer])
    for (const value of [...values(first), ...values(second)]) assert.notEqual(value, accountId)
    assert.ok(first.id.sid && second.id.sid)
  })

  test('RFC 7662 §5 – not by introspection, which leaves the username out and what is for this server alone', async () => {
    const { tokens, access } = await signIn(one)
    for (const token of [tokens.access_token, tokens.refresh_token]) {
      const answer = await introspect(one, token)
      assert.equal(answer.active, true)
      assert.equal(answer.sub, access.sub)
      assert.deepEqual([answer.username, answer.sealed_user], [undefined, undefined])
    }
  })

  test('a subject of one sector is nobody in another: as a hint, and as a value that is asked for', async () => {
    const { browser, id, tokens } = await signIn(one)
    const foreign = (await signIn(two)).id.sub
    for (const sub of [foreign, accountId])
      assert.equal(
        (await askSilently(browser, one, { claims: JSON.stringify({ id_token: { sub: { value: sub } } }) })).get(
          'error',
        ),
        'login_required',
        sub,
      )
    assert.equal((await askSilently(browser, two, { id_token_hint: tokens.id_token })).get('error'), 'invalid_request')
    assert.notEqual(id.sub, foreign)
  })
})

test('OpenID Connect Core §8.1 – clients of one sector know the same subject, and every token and answer has it', async () => {
  const first = await signIn(one)
  const again = await signIn(one)
  const next = await signIn(sibling)
  const refreshed = (await server.oauth.refresh(one, first.tokens.refresh_token)).json<TokenAnswer>()
  const subjects = [
    first.id.sub,
    first.access.sub,
    await userinfo(first.tokens),
    again.id.sub,
    next.id.sub,
    next.access.sub,
    decodeJwt(refreshed.id_token).sub,
    decodeJwt(refreshed.access_token).sub,
    await userinfo(refreshed),
  ]
  assert.equal(new Set(subjects).size, 1)
  assert.notEqual((await signIn(two)).id.sub, first.id.sub)
})

test('OpenID Connect Core §8 – a client with public subjects gets the account, of the same host or not', async () => {
  const { id, access, tokens } = await signIn(open)
  assert.deepEqual([id.sub, access.sub, await userinfo(tokens)], [accountId, accountId, accountId])
  assert.equal('sealed_user' in access, false)
})

test('OpenID Connect Core §3.1.2.1 and §5.5.1 – the subject that the client knows is the one that it can ask for', async () => {
  const { browser, id, tokens } = await signIn(one)
  assert.ok((await askSilently(browser, one, { id_token_hint: tokens.id_token })).get('code'))
  const claims = JSON.stringify({ id_token: { sub: { value: id.sub } } })
  assert.ok((await askSilently(browser, one, { claims })).get('code'))
})

test('RFC 7662 §2.2 – a caller sees the person as it knows the person itself', async () => {
  const members = { scope: 'openid introspect' }
  const { tokens, access } = await signIn(one)
  const apart = await createClient('three.example', members)
  const seen = await introspect(apart, tokens.access_token)
  assert.equal(seen.sub, (await signIn(apart)).id.sub)
  assert.notEqual(seen.sub, access.sub)
  const trusted = await createClient('three.example', { ...members, subject_type: 'public' })
  const known = await introspect(trusted, tokens.access_token)
  assert.deepEqual([known.sub, known.username, known.sealed_user], [accountId, 'alice', undefined])
})

test('RFC 7009 §2.1 – a token whose subject is pairwise is revoked like any other, and the record names the account', async () => {
  const { tokens } = await signIn(one)
  const { headers, form } = clientAuthentication(one)
  await server.request('POST', '/revoke', { headers, form: { ...form, token: tokens.access_token } })
  assert.equal((await introspect(one, tokens.access_token)).active, false)
  const page = await server.store.realm('main').audit.list({ limit: 500 })
  const event = page.items.find(({ type }) => type === 'token.revoked')
  assert.equal(event?.target, accountId)
})

test('Back-Channel Logout §2.4 and RP-Initiated Logout §2 – the logout is told by the names that the client knows', async () => {
  receiver.notices.length = 0
  const browser = server.browser()
  const { id, tokens } = await signIn(one, browser)
  const other = await signIn(two, browser)
  const parameters = new URLSearchParams({ id_token_hint: tokens.id_token, post_logout_redirect_uri: RETURN_TO })
  // No question: the hint names the person and the session of this browser.
  assert.equal((await browser.request('GET', `/logout?${parameters}`)).headers.location, RETURN_TO)
  await until('both are told', () => receiver.notices.length >= 2)
  const told = receiver.notices.map(({ form }) => decodeJwt(form.get('logout_token') ?? ''))
  for (const [client, expected] of [
    [one, id],
    [two, other.id],
  ] as const) {
    const token = told.find(({ aud }) => aud === client.client_id)
    assert.deepEqual([token?.sub, token?.sid], [expected.sub, expected.sid])
  }
})

test('RP-Initiated Logout §2 – a client that was told nothing of sessions when the person came may name this one too', async () => {
  const members = {
    subject_type: 'pairwise',
    redirect_uris: ['https://late.example/cb'],
    grant_types: ['authorization_code', 'refresh_token'],
    consent: 'skip',
  }
  const late = await server.admin.createClient(members)
  const { browser, tokens, id } = await signIn(late)
  assert.equal('sid' in id, false)
  const changed = await server.admin.request('PUT', `/admin/realm/main/client/${late.client_id}`, {
    json: { ...members, post_logout_redirect_uris: ['https://late.example/'] },
  })
  assert.equal(changed.status, 200, changed.body)
  const { id_token: hint } = (await server.oauth.refresh(late, tokens.refresh_token)).json<TokenAnswer>()
  assert.ok(decodeJwt(hint).sid)
  const parameters = new URLSearchParams({ id_token_hint: hint, post_logout_redirect_uri: 'https://late.example/' })
  assert.equal((await browser.request('GET', `/logout?${parameters}`)).headers.location, 'https://late.example/')
})

test('RP-Initiated Logout §2 – the hint of another person signs nobody out without a question', async () => {
  const bob = await server.admin.createUser({ username: 'bob' })
  const browser = server.browser()
  await server.oauth.obtainTokens(one, bob, { browser })
  const { tokens } = await signIn(one)
  const answer = await browser.request('GET', `/logout?${new URLSearchParams({ id_token_hint: tokens.id_token })}`)
  assert.equal(answer.status, 200)
  assert.match(answer.body, /logout\/confirm/)
})

test('T-AD-01 – an administrator may work through a client with pairwise subjects', async () => {
  const console = await server.admin.createClient(
    { subject_type: 'pairwise', redirect_uris: ['https://console.example/cb'], scope: 'openid admin', consent: 'skip' },
    '_',
  )
  const oauth = createOauth({ ...server, issuer: `${server.issuer}/realms/_` })
  const { access_token: token } = await oauth.obtainTokens(console, server.admin, { extra: { scope: 'openid admin' } })
  assert.equal('sealed_user' in decodeJwt(token), true)
  const answer = await server.request('GET', '/admin/realm', { headers: { authorization: `Bearer ${token}` } })
  assert.equal(answer.status, 200, answer.body)
})
