/** RFC 6749 §5.2 – a client that is wrong in one thing: the code and status of the specification, nothing of its own repeated, nothing lost. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type AuthorizationStage, openAuthorizationStage, responseOf } from '../../support/authorization_stage.ts'
import { type Answer, basic, clientBasic, errorCodeOf } from '../../support/client.ts'
import { clientAuthentication, createPkce, type Person, type TestClient } from '../../support/oauth.ts'

/** Stands in every wrong value. No answer may contain it. */
const MARK = 'zq7canary'
const CHARACTERS = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/

type Wrong = [what: string, form: Record<string, string>, status: number, error: string]

let stage: AuthorizationStage
let alice: Person
let client: TestClient
let other: TestClient
let machine: TestClient
let native: TestClient

before(async () => {
  stage = await openAuthorizationStage()
  alice = await stage.addUser('alice')
  client = await stage.addClient({ consent: 'skip' })
  other = await stage.addClient({ consent: 'skip' })
  native = await stage.addClient({ token_endpoint_auth_method: 'none' })
  machine = await stage.addClient({ grant_types: ['client_credentials'], scope: 'jobs' })
})
after(() => stage.server.close())

/** Everything that left the server, headers as well. */
const isSilent = ({ headers, body }: Answer): void => {
  for (const text of [body, ...Object.values(headers).flat().map(String)])
    for (const form of [MARK, Buffer.from(MARK).toString('base64').slice(0, 10), Buffer.from(MARK).toString('hex')])
      assert.ok(!text.includes(form), text)
}

const assertRefused = (answer: Answer, status: number, error: string): void => {
  const body = answer.json()
  assert.deepEqual([answer.status, body.error], [status, error], answer.body)
  assert.deepEqual(Object.keys(body).sort(), ['error', 'error_description'])
  assert.match(String(body.error_description), CHARACTERS)
  assert.equal(answer.headers['cache-control'], 'no-store')
  assert.match(answer.headers['content-type'] ?? '', /^application\/json/)
  isSilent(answer)
}

const send = (path: string, form: Record<string, string>, by = client): Promise<Answer> => {
  const shown = clientAuthentication(by)
  return stage.server.request('POST', path, { headers: shown.headers, form: { ...shown.form, ...form } })
}

const obtainCode = async (scope = 'openid') => {
  const { verifier, challenge } = createPkce()
  const parameters = stage.server.oauth.authorizationParameters(client, challenge, { scope })
  return { code: await stage.server.oauth.obtainCode(stage.server.browser(), client, parameters, alice), verifier }
}

describe('RFC 6749 §5.2 – at the token endpoint', () => {
  test('T-AC-03 T-AC-05 T-RU-12 T-RT-03 – whatever was wrong with a redemption, the owner of the code still redeems it', async () => {
    const { code, verifier } = await obtainCode()
    const right = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: client.redirect_uris[0] ?? '',
      code_verifier: verifier,
    }
    const wrongs: [...Wrong, by?: TestClient][] = [
      ['code', { ...right, code: `${MARK}${code.slice(MARK.length)}` }, 400, 'invalid_grant'],
      ['no code', { ...right, code: '' }, 400, 'invalid_request'],
      ['verifier', { ...right, code_verifier: `${MARK}${verifier.slice(MARK.length)}` }, 400, 'invalid_grant'],
      ['short verifier', { ...right, code_verifier: MARK }, 400, 'invalid_grant'],
      ['no verifier', { ...right, code_verifier: '' }, 400, 'invalid_grant'],
      ['redirect URI', { ...right, redirect_uri: `https://${MARK}.example/` }, 400, 'invalid_grant'],
      ['grant type', { ...right, grant_type: MARK }, 400, 'unsupported_grant_type'],
      ['no grant type', { ...right, grant_type: '' }, 400, 'invalid_request'],
      ['client_id in the body', { ...right, client_id: MARK }, 401, 'invalid_client'],
      ['another client', right, 400, 'invalid_grant', other],
      ['a public client', right, 400, 'invalid_grant', native],
      ['a client without the grant', right, 400, 'unauthorized_client', machine],
      ['the secret', right, 401, 'invalid_client', { ...client, client_secret: MARK }],
      ['no secret', right, 401, 'invalid_client', { ...client, token_endpoint_auth_method: 'none' }],
      ['an unknown client', right, 401, 'invalid_client', { ...client, client_id: MARK }],
      ['the code as refresh token', { grant_type: 'refresh_token', refresh_token: code }, 400, 'invalid_grant'],
    ]
    for (const [, form, status, error, by] of wrongs) assertRefused(await send('/token', form, by), status, error)
    const tokens = await send('/token', right)
    assert.equal(tokens.status, 200, tokens.body)
    const { access_token: token } = tokens.json<{ access_token: string }>()
    const userinfo = await stage.server.request('GET', '/userinfo', { headers: { authorization: `Bearer ${token}` } })
    assert.equal(userinfo.status, 200)
  })

  test('T-RT-03 T-RT-05 – whatever was wrong with a refresh, the owner of the token still refreshes', async () => {
    const { code, verifier } = await obtainCode('openid offline_access')
    const first = await stage.server.oauth.redeem(client, code, verifier)
    const right = { grant_type: 'refresh_token', refresh_token: first.json<{ refresh_token: string }>().refresh_token }
    const wrongs: [...Wrong, by?: TestClient][] = [
      ['token', { ...right, refresh_token: MARK }, 400, 'invalid_grant'],
      ['no token', { ...right, refresh_token: '' }, 400, 'invalid_request'],
      ['scope', { ...right, scope: `openid ${MARK}` }, 400, 'invalid_scope'],
      ['malformed scope', { ...right, scope: `"${MARK}"` }, 400, 'invalid_scope'],
      ['another client', right, 400, 'invalid_grant', other],
      ['a public client', right, 400, 'invalid_grant', native],
      ['the secret', right, 401, 'invalid_client', { ...client, client_secret: MARK }],
    ]
    for (const [, form, status, error, by] of wrongs) assertRefused(await send('/token', form, by), status, error)
    const scoped = await send('/token', { ...right, scope: 'openid offline_access' })
    assert.equal(scoped.status, 200, scoped.body)
    assert.equal(scoped.json().scope, 'openid offline_access')
  })

  test('RFC 6749 §4.4 – a scope that the client may not have for itself', async () => {
    const form = { grant_type: 'client_credentials', scope: `jobs ${MARK}` }
    assertRefused(await send('/token', form, machine), 400, 'invalid_scope')
    assertRefused(await send('/token', { grant_type: 'client_credentials' }, native), 400, 'unauthorized_client')
  })

  test('T-CA-01 RFC 7523 §3 – an assertion that is none, and one for another audience', async () => {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = { iss: MARK, sub: MARK, aud: `https://${MARK}.example`, jti: MARK, exp: 4_000_000_000 }
    for (const assertion of [MARK, `${part({ alg: 'ES256', kid: MARK })}.${part(claims)}.AAAA`]) {
      const form = {
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      }
      assertRefused(await stage.server.request('POST', '/token', { form }), 401, 'invalid_client')
      const typed = { ...form, client_assertion_type: MARK }
      assertRefused(await stage.server.request('POST', '/token', { form: typed }), 401, 'invalid_client')
    }
  })

  test('T-CA-10 OAuth 2.1 §2.4.1 – after ten failures: 429, with the time to wait', async () => {
    const guessed = await stage.addClient({ grant_types: ['client_credentials'], scope: 'jobs' })
    const wrong = { ...guessed, client_secret: MARK }
    const form = { grant_type: 'client_credentials' }
    for (let guess = 0; guess < 10; guess++) assert.equal((await send('/token', form, wrong)).status, 401)
    const answer = await send('/token', form, wrong)
    assertRefused(answer, 429, 'too_many_requests')
    assert.match(answer.headers['retry-after'] ?? '', /^[1-9]\d*$/)
    assert.equal((await send('/introspect', { token: 'x' }, wrong)).status, 429)
    assert.equal((await send('/token', form, machine)).status, 200)
  })
})

describe('RFC 6749 §5.2 – at the other endpoints of clients', () => {
  test('RFC 9126 §2.3 – a pushed request', async () => {
    const parameters = stage.parametersFor(client)
    const wrongs: [...Wrong, by?: TestClient][] = [
      ['redirect URI', { redirect_uri: `https://${MARK}.example/` }, 400, 'invalid_request'],
      ['scope', { scope: `openid ${MARK}` }, 400, 'invalid_scope'],
      ['response type', { response_type: MARK }, 400, 'unsupported_response_type'],
      ['response mode', { response_mode: MARK }, 400, 'invalid_request'],
      ['prompt', { prompt: MARK }, 400, 'invalid_request'],
      ['max_age', { max_age: MARK }, 400, 'invalid_request'],
      ['hint', { id_token_hint: MARK }, 400, 'invalid_request'],
      ['challenge', { code_challenge: MARK }, 400, 'invalid_request'],
      ['method', { code_challenge_method: MARK }, 400, 'invalid_request'],
      ['client', { client_id: MARK }, 401, 'invalid_client'],
      ['secret', {}, 401, 'invalid_client', { ...client, client_secret: MARK }],
    ]
    for (const [, wrong, status, error, by] of wrongs)
      assertRefused(await send('/par', { ...parameters, ...wrong }, by), status, error)
  })

  test('RFC 7662 §2.3 and RFC 7009 §2.2.1 – introspection and revocation', async () => {
    for (const path of ['/introspect', '/revoke']) {
      assertRefused(await send(path, { token: '' }), 400, 'invalid_request')
      assertRefused(await send(path, { token: MARK }, { ...client, client_secret: MARK }), 401, 'invalid_client')
      const answer = await send(path, { token: MARK, token_type_hint: MARK })
      assert.equal(answer.status, 200)
      isSilent(answer)
    }
  })

  test('RFC 6750 §3.1 – UserInfo', async () => {
    for (const [authorization, status, error] of [
      [`Bearer ${MARK}`, 401, 'invalid_token'],
      [`Bearer ${MARK}.${MARK}.${MARK}`, 401, 'invalid_token'],
      [`${MARK} x`, 400, 'invalid_request'],
    ] as const) {
      const answer = await stage.server.request('GET', '/userinfo', { headers: { authorization } })
      assertRefused(answer, status, error)
      assert.match(answer.headers['www-authenticate'] ?? '', new RegExp(`^Bearer error="${error}"`))
    }
  })

  test('T-LG-04 – login, sessions and administration', async () => {
    const login = (path: string, authorization: string): Promise<Answer> =>
      stage.server.request('POST', path, { headers: { authorization } })
    const refused = await login('/login?realm=main', basic(MARK, MARK))
    assert.equal(refused.status, 401)
    isSilent(refused)
    isSilent(await login(`/login?realm=${MARK}`, basic(MARK, MARK)))
    for (const path of [`/sessions/${MARK}`, `/admin/realm/${MARK}`, `/admin/realm/main/user/${MARK}`, `/${MARK}`]) {
      isSilent(await stage.server.request('GET', path, { headers: { authorization: clientBasic(MARK, MARK) } }))
    }
    for (const answer of [
      await stage.server.admin.request('GET', `/admin/realm/${MARK}`),
      await stage.server.admin.request('GET', `/admin/realm/main/user/${MARK}`),
      await stage.server.admin.request('GET', `/admin/realm/main/client?cursor=${MARK}`),
    ]) {
      assert.ok([400, 404].includes(answer.status))
      isSilent(answer)
    }
  })
})

describe('RFC 6749 §4.1.2.1 – at the authorization endpoint', () => {
  test('what is told to the client repeats its state and nothing else', async () => {
    const wrongs: Record<string, string>[] = [
      { response_type: MARK },
      { response_mode: MARK },
      { scope: `openid ${MARK}` },
      { prompt: MARK },
      { max_age: MARK },
      { id_token_hint: MARK },
      { code_challenge: MARK },
      { code_challenge_method: MARK },
      { claims: MARK },
      { acr_values: MARK, prompt: 'none' },
      { authorization_details: `[{"type":"${MARK}"}]` },
    ]
    for (const wrong of wrongs) {
      const answer = await stage.authorize(stage.server.browser(), stage.parametersFor(client, wrong))
      assert.match(responseOf(answer).get('error') ?? '', CHARACTERS)
      isSilent(answer)
    }
  })

  test('T-XS-01 – a page repeats nothing of the request', async () => {
    const wrongs: Record<string, string>[] = [
      { client_id: MARK },
      { redirect_uri: `https://${MARK}.example/` },
      { client_id: MARK, redirect_uri: `javascript:${MARK}`, state: MARK, scope: MARK },
      { request_uri: `urn:ietf:params:oauth:request_uri:${MARK}` },
      { request_uri: `https://${MARK}.example/` },
      { request: MARK },
    ]
    for (const wrong of wrongs) {
      const answer = await stage.authorize(stage.server.browser(), stage.parametersFor(client, wrong))
      assert.equal(answer.status, 400)
      assert.match(errorCodeOf(answer.body) ?? '', /^invalid_/)
      isSilent(answer)
    }
    isSilent(await stage.server.request('GET', `/interaction/${MARK}`))
    isSilent(await stage.server.request('GET', `/realms/${MARK}/authorize`))
    isSilent(
      await stage.server.request('GET', `/logout?post_logout_redirect_uri=https://${MARK}.example/&client_id=${MARK}`),
    )
  })
})

test('T-LG-02 – no value of a refused request is in the log', () => {
  const lines = stage.server.logs.join('')
  assert.ok(lines.includes('invalid_grant'))
  assert.ok(!lines.includes(MARK), lines.slice(Math.max(0, lines.indexOf(MARK) - 300), lines.indexOf(MARK) + 100))
})
