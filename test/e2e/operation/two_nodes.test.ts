/** P-1, L-4 to L-6: two servers as processes of their own over one database are one server: what is single use is so for both. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { skipWithout } from '../../support/backends.ts'
import { type Answer, type Browser, type RequestOptions, readForm, send } from '../../support/client.ts'
import { clientAuthentication, createPkce, type Person, type TestClient } from '../../support/oauth.ts'
import { prepareServer, type ServerProcess, startServerProcess } from '../../support/server.ts'
import { createKey, publicJwkOf, signAny } from '../../support/tokens.ts'

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const CALLERS = 20

const key = createKey('ES256')
const jwks = { keys: [publicJwkOf(key, { kid: 'k1', alg: 'ES256', use: 'sig' })] }

type Tokens = { access_token: string; refresh_token: string }

for (const database of ['sqlite', 'postgresql', 'mysql'] as const) {
  const skip = database === 'sqlite' ? false : skipWithout(database)

  describe(`two nodes over one database (${database})`, { skip }, () => {
    let first: ServerProcess
    let second: ServerProcess
    let client: TestClient
    let alice: Person
    let host: string

    before(async () => {
      first = await startServerProcess({ database })
      const config = { oauth_params: { issuer: first.issuer } }
      const prepared = await prepareServer({ database, databaseUrl: first.prepared.databaseUrl, config })
      second = await startServerProcess({ prepared })
      host = new URL(first.issuer).host
      client = await first.admin.createClient({ consent: 'skip' })
      alice = await first.admin.createUser()
    })
    after(async () => {
      await second?.close()
      await second?.prepared.remove()
      await first?.close()
    })

    /** To one node or the other, by turns, as a load balancer does. */
    const call = (turn: number, method: string, path: string, options: RequestOptions = {}): Promise<Answer> => {
      const node = turn % 2 === 0 ? first : second
      return send(node, method, path, { ...options, headers: { host, ...options.headers } })
    }

    const race = (callers: number, work: (turn: number) => Promise<Answer>): Promise<Answer[]> =>
      Promise.all(Array.from({ length: callers }, (_, turn) => work(turn)))

    const atToken = (turn: number, form: Record<string, string>): Promise<Answer> => {
      const shown = clientAuthentication(client)
      return call(turn, 'POST', '/token', { headers: shown.headers, form: { ...shown.form, ...form } })
    }

    /** The winners' tokens; everybody else has to be told invalid_grant. */
    const winnersOf = (answers: Answer[]): Tokens[] => {
      const losers = answers.filter(({ status }) => status !== 200)
      for (const { status, body } of losers)
        assert.deepEqual([status, JSON.parse(body).error], [400, 'invalid_grant'], body)
      return answers.filter(({ status }) => status === 200).map((answer) => answer.json<Tokens>())
    }

    const isDead = async ({ access_token: token }: Tokens): Promise<void> => {
      for (const turn of [0, 1]) {
        const answer = await call(turn, 'GET', '/userinfo', { headers: { authorization: `Bearer ${token}` } })
        assert.equal(answer.status, 401)
      }
    }

    const obtainCode = async (): Promise<{ code: string; verifier: string }> => {
      const { verifier, challenge } = createPkce()
      const parameters = first.oauth.authorizationParameters(client, challenge)
      return { code: await first.oauth.obtainCode(first.browser(), client, parameters, alice), verifier }
    }

    const redeem = async ({ code, verifier }: { code: string; verifier: string }, turn: number): Promise<Answer> =>
      atToken(turn, {
        grant_type: 'authorization_code',
        code,
        code_verifier: verifier,
        redirect_uri: client.redirect_uris[0] ?? '',
      })

    const refresh = (token: string, turn: number): Promise<Answer> =>
      atToken(turn, { grant_type: 'refresh_token', refresh_token: token })

    for (const callers of [CALLERS, 200])
      test(`T-AC-01 RFC 6749 §4.1.2 – of ${callers} that redeem one code one gets tokens, which the replay ends`, async () => {
        const code = await obtainCode()
        const winners = winnersOf(await race(callers, (turn) => redeem(code, turn)))
        assert.equal(winners.length, 1)
        for (const tokens of winners) await isDead(tokens)
      })

    test(`T-RT-01 OAuth 2.1 §4.3.1 – of ${CALLERS} that use one refresh token one rotates and at most one repeats`, async () => {
      const { refresh_token: token } = (await redeem(await obtainCode(), 1)).json<Tokens>()
      const winners = winnersOf(await race(CALLERS, (turn) => refresh(token, turn)))
      assert.ok(winners.length === 1 || winners.length === 2, String(winners.length))
      assert.equal(new Set(winners.map((winner) => winner.refresh_token)).size, 1)
      for (const tokens of winners) await isDead(tokens)
      assert.equal((await refresh(winners[0]?.refresh_token ?? '', 0)).status, 400)
    })

    test('T-RT-04 – a client whose first node did not answer gets the same successor from the other, and goes on', async () => {
      const { refresh_token: token } = (await redeem(await obtainCode(), 0)).json<Tokens>()
      const winners = winnersOf(await race(2, (turn) => refresh(token, turn)))
      assert.equal(winners.length, 2)
      assert.equal(winners[0]?.refresh_token, winners[1]?.refresh_token)
      assert.equal((await refresh(winners[0]?.refresh_token ?? '', 1)).status, 200)
    })

    test(`T-CA-02 RFC 7523 §3 – of ${CALLERS} that show one assertion one is believed`, async () => {
      const signer = await first.admin.createClient({
        token_endpoint_auth_method: 'private_key_jwt',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        scope: '',
        jwks,
      })
      const iat = Math.floor(Date.now() / 1000)
      const { client_id: id } = signer
      const claims = { iss: id, sub: id, aud: first.issuer, jti: 'the only one', iat, exp: iat + 60 }
      const form = {
        grant_type: 'client_credentials',
        client_assertion_type: ASSERTION_TYPE,
        client_assertion: signAny('ES256', key.privateKey, { alg: 'ES256', kid: 'k1' }, claims),
      }
      const answers = await race(CALLERS, (turn) => call(turn, 'POST', '/token', { form }))
      assert.equal(answers.filter(({ status }) => status === 200).length, 1)
      assert.ok(answers.every(({ status }) => [200, 401, 429].includes(status)))
    })

    const isAnswered = ({ headers }: Answer): boolean =>
      (headers.location ?? '').startsWith(client.redirect_uris[0] ?? '')

    test(`T-PA-02 RFC 9126 §4 – of ${CALLERS} visits of one pushed request one gets a code`, async () => {
      const browser = first.browser()
      const { challenge } = createPkce()
      const parameters = first.oauth.authorizationParameters(client, challenge)
      await first.oauth.obtainCode(browser, client, parameters, alice)
      const { headers } = clientAuthentication(client)
      const pushed = (await call(1, 'POST', '/par', { headers, form: parameters })).json<{ request_uri: string }>()
      const query = new URLSearchParams({ client_id: client.client_id, request_uri: pushed.request_uri })
      const answers = await race(CALLERS, (turn) =>
        call(turn, 'GET', `/authorize?${query}`, { cookie: browser.cookie() }),
      )
      assert.equal(answers.filter(isAnswered).length, 1)
      assert.ok(answers.every((answer) => isAnswered(answer) || [400, 409].includes(answer.status)))
    })

    /** To the consent page, by nodes that take turns. */
    const openConsent = async (browser: Browser, parameters: Record<string, string>) => {
      const begun = await browser.request('GET', `/authorize?${new URLSearchParams(parameters)}`)
      const address = new URL(begun.headers.location ?? '').pathname
      const login = readForm((await call(1, 'GET', address, { cookie: browser.cookie() })).body)
      const signedIn = await browser.request('POST', login?.action ?? '', {
        form: { ...login?.fields, username: alice.username, password: alice.password },
        headers: { origin: first.issuer },
      })
      assert.equal(signedIn.status, 303)
      return readForm((await call(1, 'GET', address, { cookie: browser.cookie() })).body)
    }

    test(`T-CS-06 RFC 6749 §4.1.2 – of ${CALLERS} decisions about one request one counts, and nothing of it was lost on the way`, async () => {
      const browser = first.browser()
      const { verifier, challenge } = createPkce()
      const state = '-._~ +%&=#"<>'.repeat(157)
      const nonce = 'n-._~'.repeat(200)
      const extra = { prompt: 'consent', state, nonce }
      const consent = await openConsent(browser, first.oauth.authorizationParameters(client, challenge, extra))
      const path = new URL(consent?.action ?? '', first.issuer).pathname
      const answers = await race(CALLERS, (turn) =>
        call(turn, 'POST', path, {
          cookie: browser.cookie(),
          form: { ...consent?.fields, decision: 'allow' },
          headers: { origin: first.issuer },
        }),
      )
      const answered = answers.filter(isAnswered)
      assert.equal(answered.length, 1)
      assert.ok(answers.every((answer) => isAnswered(answer) || answer.status === 409))
      const parameters = new URL(answered[0]?.headers.location ?? '').searchParams
      assert.equal(parameters.get('state'), state)
      const tokens = await redeem({ code: parameters.get('code') ?? '', verifier }, 1)
      const { id_token: idToken } = tokens.json<{ id_token: string }>()
      assert.equal(JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString()).nonce, nonce)
    })

    test('T-LC-01 – what one node ends is over at the other', async () => {
      const tokens = (await redeem(await obtainCode(), 0)).json<Tokens>()
      const authorization = `Bearer ${tokens.access_token}`
      assert.equal((await call(1, 'GET', '/userinfo', { headers: { authorization } })).status, 200)
      const shown = clientAuthentication(client)
      await call(0, 'POST', '/revoke', { headers: shown.headers, form: { token: tokens.refresh_token } })
      await isDead(tokens)
      assert.equal((await refresh(tokens.refresh_token, 1)).status, 400)
    })

    test('P-9 T-LC-01 – what an administrator changes at one node holds at the other a second later', async () => {
      const registered = await first.admin.createClient({
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        scope: '',
      })
      const { headers } = clientAuthentication(registered)
      const ask = () => call(1, 'POST', '/token', { headers, form: { grant_type: 'client_credentials' } })
      const before_ = await ask()
      assert.equal(before_.status, 200)
      const { access_token: token } = before_.json<Tokens>()
      await first.admin.request('DELETE', `/admin/realm/main/client/${registered.client_id}`)
      await delay(1_000)
      assert.equal((await ask()).status, 401)
      const shown = clientAuthentication(client)
      const asked = await call(1, 'POST', '/introspect', { headers: shown.headers, form: { token } })
      assert.equal(asked.body, '{"active":false}')
    })
  })
}
