/** Back-Channel Logout §2 – however a session ends, the clients that know it are told, until they say that they have understood. */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import type { LogoutDelivery } from '../../../src/storage/logout_deliveries.ts'
import { type Browser, basic } from '../../support/client.ts'
import { type LogoutReceiver, startLogoutReceiver } from '../../support/logout_receiver.ts'
import type { Person, TestClient, TokenAnswer } from '../../support/oauth.ts'
import { until } from '../../support/patience.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
const HOUR = 3_600_000

/** Ahead of the real clock by so many milliseconds. */
let ahead = 0
let server: TestServer
let receiver: LogoutReceiver
let client: TestClient
let people = 0

before(async () => {
  // Nobody collects sessions, such as the administrator's, while the clock is ahead.
  const config = { stale_session_collector_config: { cleanup_interval_seconds: 86_400 } }
  server = await startServer({ config, clock: { now: () => Date.now() + ahead } })
  receiver = await startLogoutReceiver()
  client = await server.admin.createClient({ ...receiver.metadata, ...receiver.backchannel })
})
after(async () => {
  await server?.close()
  await receiver?.close()
})
afterEach(() => {
  ahead = 0
  receiver.answer(200)
  receiver.notices.length = 0
})

const newPerson = (): Promise<Person> => server.admin.createUser({ username: `person-${++people}` })

type SignedIn = { person: Person; browser: Browser; tokens: TokenAnswer; sid: string; sub: string }

const signIn = async (person: Person, at = client): Promise<SignedIn> => {
  const browser = server.browser()
  const tokens = await server.oauth.obtainTokens(at, person, { browser })
  const { sid, sub } = decodeJwt(tokens.id_token) as { sid: string; sub: string }
  return { person, browser, tokens, sid, sub }
}

const logout = ({ browser, tokens }: SignedIn) =>
  browser.request('GET', `/logout?${new URLSearchParams({ id_token_hint: tokens.id_token })}`)

const told = (): string[] => receiver.notices.map(({ form }) => form.get('logout_token') ?? '')

const toldOf = (sid: string): string[] => told().filter((token) => decodeJwt(token).sid === sid)

const untilTold = (sid: string, times = 1): Promise<void> =>
  until(`notice ${times} of the session`, () => toldOf(sid).length >= times)

/** What is still to be delivered to a client, due or not. */
const waitingFor = async ({ client_id: id }: TestClient): Promise<LogoutDelivery[]> => {
  const all = await server.store.logoutDeliveries.listDue(Number.MAX_SAFE_INTEGER, { limit: 100, notOf: [] })
  return all.filter(({ clientId }) => clientId === id)
}

/** A notice without a session that ended. */
const write = ({ client_id: clientId }: TestClient, sid: string): Promise<void> =>
  server.store.logoutDeliveries.insert({
    id: server.deps.random.id(),
    realmId: 'main',
    clientId,
    sid,
    userId: 'somebody',
    createdAt: Date.now() + ahead,
  })

const untilDelivered = (to = client): Promise<void> =>
  until('nothing waits', async () => (await waitingFor(to)).length === 0)

describe('Back-Channel Logout §2.2 – where a client may be told', () => {
  for (const [what, uri] of [
    ['without TLS at another machine', 'http://app.example/logout'],
    ['with a fragment', 'https://app.example/logout#x'],
    ['of its own scheme', 'com.example.app:/logout'],
    ['with credentials', 'https://user:secret@app.example/logout'],
    ['that is relative', '/logout'],
    ['of a script', 'javascript:alert(1)'],
  ] as const)
    test(`not at an address ${what}`, async () => {
      for (const member of ['backchannel_logout_uri', 'frontchannel_logout_uri']) {
        const json = { redirect_uris: ['https://app.example/cb', 'com.example.app:/cb'], [member]: uri }
        const answer = await server.admin.request('POST', '/admin/realm/main/client', {
          json: { ...json, application_type: 'native' },
        })
        assert.equal(answer.status, 422, `${member} ${answer.body}`)
        assert.match(answer.body, new RegExp(member))
      }
    })

  test('Front-Channel Logout §2 – and in a frame at the origin of a redirect URI alone', async () => {
    for (const uri of ['https://other.example/logout', 'https://app.example:444/', 'https://app.example/?sid=1']) {
      const json = { redirect_uris: ['https://app.example/cb'], frontchannel_logout_uri: uri }
      assert.equal((await server.admin.request('POST', '/admin/realm/main/client', { json })).status, 422, uri)
    }
  })

  test('and what was registered is shown', async () => {
    const answer = await server.admin.request('GET', `/admin/realm/main/client/${client.client_id}`)
    const { backchannel_logout_uri: uri, backchannel_logout_session_required: required } = answer.json()
    assert.deepEqual([uri, required], [`${receiver.origin}/backchannel`, true])
  })
})

describe('Back-Channel Logout §2.1 and §2.3 – who is told', () => {
  test('nobody else: not a client that the session was not used for, nor one of another session', async () => {
    const other = await startLogoutReceiver()
    try {
      const stranger = await server.admin.createClient({ ...other.metadata, ...other.backchannel })
      const elsewhere = await signIn(await newPerson(), stranger)
      const session = await signIn(await newPerson())
      await logout(session)
      await untilTold(session.sid)
      await untilDelivered()
      assert.equal(other.notices.length, 0)
      assert.equal((await server.store.sessionClients.list(elsewhere.sid)).length, 1)
    } finally {
      await other.close()
    }
  })

  test('nor a client that never said where, and such a one gets no sid', async () => {
    const silent = await server.admin.createClient({ consent: 'skip' })
    const { tokens, browser } = await signIn(await newPerson(), silent)
    assert.equal('sid' in decodeJwt(tokens.id_token), false)
    await browser.request('GET', `/logout?${new URLSearchParams({ id_token_hint: tokens.id_token })}`)
    assert.deepEqual(await waitingFor(silent), [])
  })

  test('nor one that is disabled or deleted by then', async () => {
    const other = await startLogoutReceiver()
    try {
      const gone = await server.admin.createClient({ ...other.metadata, ...other.backchannel })
      const session = await signIn(await newPerson(), gone)
      const disabled = await server.admin.createClient({ ...other.metadata, ...other.backchannel })
      await server.oauth.obtainTokens(disabled, session.person, { browser: session.browser })
      const { clients } = server.store.realm('main')
      const known = await clients.find(disabled.client_id)
      if (known) await clients.update({ ...known, enabled: false })
      await server.admin.request('DELETE', `/admin/realm/main/client/${gone.client_id}`)
      await server.deps.sessions.end([session.sid])
      assert.deepEqual(await waitingFor(disabled), [])
      assert.deepEqual(await server.store.sessionClients.list(session.sid), [])
      assert.equal(other.notices.length, 0)
    } finally {
      await other.close()
    }
  })

  test('a client once, however often it came back', async () => {
    const person = await newPerson()
    const session = await signIn(person)
    for (let visit = 0; visit < 3; visit++)
      await server.oauth.obtainTokens(client, person, { browser: session.browser })
    await logout(session)
    await untilDelivered()
    assert.equal(toldOf(session.sid).length, 1)
  })

  test('each client under its own name for a session in which the person signed in again', async () => {
    const person = await newPerson()
    const first = await signIn(person)
    const again = await server.oauth.obtainTokens(client, person, {
      browser: first.browser,
      extra: { prompt: 'login' },
    })
    const sid = decodeJwt(again.id_token).sid as string
    assert.notEqual(sid, first.sid)
    await untilDelivered()
    assert.equal(told().length, 0, 'the session goes on')
    // RP-Initiated Logout §2 – the older hint still names it.
    const answer = await logout(first)
    assert.equal(answer.status, 303)
    await untilTold(sid)
    await untilTold(first.sid)
  })

  test('and the end of a session that somebody else took over in the same browser', async () => {
    const first = await signIn(await newPerson())
    const next = await newPerson()
    await server.oauth.obtainTokens(client, next, { browser: first.browser, extra: { prompt: 'login' } })
    await untilTold(first.sid)
  })
})

test('Back-Channel Logout §2.1, Front-Channel Logout §3 – the discovery document says that clients are told', async () => {
  const metadata = (await server.request('GET', '/.well-known/openid-configuration')).json()
  for (const channel of ['backchannel', 'frontchannel']) {
    assert.equal(metadata[`${channel}_logout_supported`], true)
    assert.equal(metadata[`${channel}_logout_session_supported`], true)
  }
  assert.equal(metadata.end_session_endpoint, `${server.issuer}/logout`)
  assert.equal('check_session_iframe' in metadata, false)
})

test('Back-Channel Logout §2.4 and §4 – the logout token', async () => {
  const session = await signIn(await newPerson())
  await logout(session)
  await untilTold(session.sid)
  const [notice] = receiver.notices
  assert.deepEqual([...(notice?.form.keys() ?? [])], ['logout_token'])
  assert.equal(notice?.contentType, 'application/x-www-form-urlencoded')
  const token = notice?.form.get('logout_token') ?? ''
  const jwks = (await server.request('GET', '/jwks.json')).json<JSONWebKeySet>()
  const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(jwks), {
    issuer: server.issuer,
    audience: client.client_id,
    typ: 'logout+jwt',
  })
  assert.equal(protectedHeader.alg, decodeProtectedHeader(session.tokens.id_token).alg)
  const { iat = 0, exp = 0, jti, ...rest } = payload
  assert.deepEqual(rest, {
    iss: server.issuer,
    aud: client.client_id,
    sub: session.sub,
    sid: session.sid,
    events: { [EVENT]: {} },
  })
  // T-SE-16
  assert.ok(exp > iat && exp - iat <= 120)
  assert.ok(Math.abs(iat - Date.now() / 1000) < 300)
  assert.match(String(jti), /^[\w-]{22}$/)
})

test('T-SE-16 RFC 8725 §3.12 – a logout token is no ID token and no access token', async () => {
  const session = await signIn(await newPerson())
  await logout(session)
  await untilTold(session.sid)
  const token = told()[0] ?? ''
  const hint = await server.request('GET', `/logout?${new URLSearchParams({ id_token_hint: token })}`)
  assert.equal(hint.status, 400)
  const headers = { authorization: `Bearer ${token}` }
  assert.equal((await server.request('GET', '/userinfo', { headers })).status, 401)
})

for (const alg of ['ES256', 'PS256', 'EdDSA'] as const)
  test(`Back-Channel Logout §2.4 – signed as the client's ID tokens are: ${alg}`, async () => {
    const other = await startLogoutReceiver()
    try {
      const metadata = { ...other.metadata, ...other.backchannel, id_token_signed_response_alg: alg }
      const session = await signIn(await newPerson(), await server.admin.createClient(metadata))
      await logout(session)
      await until('it is told', () => other.notices.length === 1)
      assert.equal(decodeProtectedHeader(other.notices[0]?.form.get('logout_token') ?? '').alg, alg)
    } finally {
      await other.close()
    }
  })

describe('Back-Channel Logout §2.5 – whatever ends the session', () => {
  const userPath = ({ person }: SignedIn) => `/admin/realm/main/user/${person.username}`
  const endings: Record<string, (session: SignedIn) => Promise<unknown>> = {
    'the person, on the confirmation page': async ({ browser }) => {
      const page = (await browser.request('GET', '/logout')).body
      const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? ''
      const headers = { origin: new URL(server.issuer).origin, 'sec-fetch-site': 'same-origin' }
      await browser.request('POST', '/logout/confirm', { form: { csrf }, headers })
    },
    'an administrator, by its id': ({ sid }) =>
      server.admin.request('DELETE', '/sessions', { json: { session_ids: [sid] } }),
    'an administrator, for a person': ({ sid }) =>
      server.admin.request('POST', `/sessions/${sid}`, { json: { sessions_action: 'LogoutAllSessions' } }),
    'an administrator, for the realm': () => server.admin.request('DELETE', '/sessions/realms/main'),
    'a new password from an administrator': (session) =>
      server.admin.request('PUT', `${userPath(session)}/password`, { json: { password: 'another passphrase 8' } }),
    'the person, with a new password': async ({ person }) => {
      const headers = { authorization: basic(person.username, person.password) }
      const login = await server.request('POST', '/login?realm=main', { headers })
      const cookie = login.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
      const json = { current_password: person.password, new_password: 'another passphrase 9' }
      const answer = await server.request('POST', '/password?realm=main', { cookie, json })
      assert.ok(answer.status < 300, answer.body)
    },
    'the user being disabled': async (session) => {
      const { sub: _sub, totp_enabled: _totp, ...user } = (await server.admin.request('GET', userPath(session))).json()
      const answer = await server.admin.request('PUT', userPath(session), { json: { ...user, enabled: false } })
      assert.equal(answer.status, 200, answer.body)
    },
    'the user being deleted': (session) => server.admin.request('DELETE', userPath(session)),
  }
  for (const [what, end] of Object.entries(endings))
    test(what, async () => {
      const session = await signIn(await newPerson())
      await end(session)
      await untilTold(session.sid)
      assert.equal(await server.deps.sessions.find(session.sid), undefined)
    })
})

describe('Back-Channel Logout §2.5 and §2.8 – until the client says that it has understood', () => {
  test('200 and 204 are the end of it', async () => {
    for (const status of [200, 204]) {
      receiver.answer(status)
      const session = await signIn(await newPerson())
      await logout(session)
      await untilTold(session.sid)
      await untilDelivered()
      ahead = 2 * HOUR
      await write(client, `marker-${status}`)
      await untilTold(`marker-${status}`)
      assert.equal(toldOf(session.sid).length, 1)
      ahead = 0
    }
  })

  for (const status of [201, 302, 400, 404, 500, 501, 503])
    test(`${status} is not, and after a pause it is told again, with a fresh token`, async () => {
      receiver.answer(status)
      const session = await signIn(await newPerson())
      await logout(session)
      await untilTold(session.sid)
      assert.equal((await waitingFor(client)).length, 1)
      receiver.answer(200)
      await until('notice 2 of the session', () => {
        ahead += 1_000
        return toldOf(session.sid).length >= 2
      })
      await untilDelivered()
      const tokens = toldOf(session.sid)
      assert.equal(new Set(tokens.map((token) => decodeJwt(token).jti)).size, tokens.length)
    })

  test('a client that is down is told when it is up, which may take hours', async () => {
    const down = await startLogoutReceiver()
    const patient = await server.admin.createClient({ ...down.metadata, ...down.backchannel })
    const session = await signIn(await newPerson(), patient)
    await down.close()
    await logout(session)
    const attempts = async (): Promise<number> => (await waitingFor(patient))[0]?.attempts ?? 0
    const untilDue = (what: string, isThere: () => Promise<boolean> | boolean): Promise<void> =>
      until(what, async () => {
        const [delivery] = await waitingFor(patient)
        ahead += Math.max(0, (delivery?.nextAttemptAt ?? 0) - Date.now() - ahead)
        return await isThere()
      })
    for (let attempt = 1; attempt <= 5; attempt++)
      await untilDue(`attempt ${attempt}`, async () => (await attempts()) >= attempt)
    const upAt = Date.now() + ahead
    const up = await startLogoutReceiver({ port: down.port })
    try {
      await untilDue('it is told', () => up.notices.length > 0)
      await untilDelivered(patient)
      const { iat = 0 } = decodeJwt(up.notices[0]?.form.get('logout_token') ?? '')
      assert.ok(iat >= Math.floor(upAt / 1000), 'the token is as young as the attempt')
    } finally {
      await up.close()
    }
  })

  test('after a day nobody tries any more', async () => {
    receiver.answer(500)
    const session = await signIn(await newPerson())
    await logout(session)
    await untilTold(session.sid)
    ahead += 24 * HOUR
    await until('nobody tries any more', async () => {
      ahead += 10_000
      return (await waitingFor(client)).length === 0
    })
    assert.ok(server.logs.some((line) => line.includes('a client will not be told of a logout')))
  })

  test('a client that does not answer keeps nobody else waiting', async () => {
    const silent = await startLogoutReceiver()
    silent.answer('silence')
    try {
      const mute = await server.admin.createClient({ ...silent.metadata, ...silent.backchannel })
      for (let count = 0; count < 20; count++) await write(mute, `session-${count}`)
      await until('the silent one is asked', () => silent.notices.length >= 4)
      const session = await signIn(await newPerson())
      await logout(session)
      await untilTold(session.sid)
      assert.equal((await waitingFor(mute)).length, 20)
      await server.admin.request('DELETE', `/admin/realm/main/client/${mute.client_id}`)
    } finally {
      await silent.close()
    }
  })
})
