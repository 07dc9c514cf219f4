/** RFC 8707 – resources that a realm registers, asked for at /authorize, /par and /token, and the tokens that are for them. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type AuthorizationStage, openAuthorizationStage, responseOf } from '../../support/authorization_stage.ts'
import { skipWithout } from '../../support/backends.ts'
import { type Answer, clientBasic } from '../../support/client.ts'
import { clientAuthentication, createPkce, type Person, type TestClient } from '../../support/oauth.ts'
import { startServer } from '../../support/server.ts'
import { jsonPart } from '../../support/tokens.ts'

const ORDERS = 'https://orders.example/api'
const LEDGER = 'https://ledger.example/'
const VAULT = 'urn:example:vault'

let stage: AuthorizationStage
let alice: Person & { id: string }
let client: TestClient
let worker: TestClient
let ledgerServer: TestClient

before(async () => {
  stage = await openAuthorizationStage()
  const { admin } = stage.server
  ledgerServer = await admin.createClient({
    client_id: 'ledger-server',
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    scope: 'unused',
  })
  await admin.updateRealm('main', {
    scopes: [{ name: 'orders:read' }, { name: 'orders:write' }, { name: 'ledger:read' }, { name: 'unused' }],
    resources: [
      { identifier: ORDERS, name: 'Orders', scopes: ['orders:read', 'orders:write'], access_token_ttl_secs: 120 },
      { identifier: LEDGER, scopes: ['ledger:read'], access_token_format: 'opaque', client_id: 'ledger-server' },
      { identifier: VAULT, access_token_signed_response_alg: 'PS256' },
    ],
  })
  alice = await stage.addUser('alice')
  const scope = 'openid offline_access orders:read orders:write ledger:read'
  client = await stage.addClient({ scope })
  worker = await admin.createClient({
    client_id: 'worker',
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    scope: 'orders:read ledger:read',
  })
})
after(() => stage.server.close())

type Pairs = [string, string][]

const resourcesOf = (...uris: string[]): Pairs => uris.map((uri) => ['resource', uri])

const token = (by: TestClient, pairs: Pairs): Promise<Answer> => {
  const shown = clientAuthentication(by)
  return stage.server.request('POST', '/token', {
    headers: shown.headers,
    form: [...Object.entries(shown.form), ...pairs] as Pairs,
  })
}

const credentials = (...uris: string[]): Promise<Answer> =>
  token(worker, [['grant_type', 'client_credentials'], ...resourcesOf(...uris)])

type Tokens = { access_token: string; refresh_token: string; id_token?: string; scope?: string; expires_in: number }

const claimsOf = (jwt: string): Record<string, unknown> => jsonPart(jwt, 1)

/** A code for what alice allows, with its verifier. */
const obtainCode = async (...uris: string[]): Promise<Pairs> => {
  const { verifier, challenge } = createPkce()
  const parameters = stage.server.oauth.authorizationParameters(client, challenge, {
    scope: 'openid offline_access orders:read ledger:read',
  })
  const query = new URLSearchParams([...Object.entries(parameters), ...resourcesOf(...uris)])
  const browser = stage.server.browser()
  const response = await stage.server.oauth.visit(browser, client, stage.server.url(`/authorize?${query}`), alice)
  const code = 'parameters' in response ? response.parameters.get('code') : undefined
  assert.ok(code, 'parameters' in response ? response.location : response.body)
  return [
    ['grant_type', 'authorization_code'],
    ['code', code],
    ['code_verifier', verifier],
    ['redirect_uri', client.redirect_uris[0] ?? ''],
  ]
}

const introspect = async (by: TestClient, shown: string): Promise<Record<string, unknown>> => {
  const headers = { authorization: clientBasic(by.client_id, by.client_secret ?? '') }
  const answer = await stage.server.request('POST', '/introspect', { headers, form: { token: shown } })
  assert.equal(answer.status, 200, answer.body)
  return answer.json()
}

describe('RFC 8707 §2 – invalid_target', () => {
  const wrongs = [
    'https://unknown.example/',
    `${ORDERS}#part`,
    'orders',
    `${ORDERS}/x`,
    `${ORDERS.toUpperCase()}`,
    `${ORDERS} ${LEDGER}`,
  ]
  for (const uri of wrongs)
    test(`${uri} is refused at every endpoint`, async () => {
      assert.equal((await credentials(uri)).json().error, 'invalid_target')
      const parameters = { ...stage.parametersFor(client), resource: uri, prompt: 'none' }
      const browser = stage.server.browser()
      assert.equal(responseOf(await stage.authorize(browser, parameters)).get('error'), 'invalid_target')
      const pushed = await stage.push(client, { resource: uri })
      assert.deepEqual([pushed.status, pushed.json().error], [400, 'invalid_target'])
    })

  test('one wrong resource beside a right one is refused', async () => {
    assert.equal((await credentials(ORDERS, 'https://unknown.example/')).json().error, 'invalid_target')
  })

  test('RFC 8707 §2.2, T-CS-09 – beyond what was granted, for a code and at a refresh, and nothing is used up', async () => {
    const code = await obtainCode(ORDERS)
    assert.equal((await token(client, [...code, ...resourcesOf(LEDGER)])).json().error, 'invalid_target')
    const tokens = (await token(client, code)).json<Tokens>()
    const refresh: Pairs = [
      ['grant_type', 'refresh_token'],
      ['refresh_token', tokens.refresh_token],
    ]
    assert.equal((await token(client, [...refresh, ...resourcesOf(LEDGER)])).json().error, 'invalid_target')
    assert.equal((await token(client, refresh)).status, 200)
  })

  test('RFC 8707 §2.2 – a grant that named none is for this server alone', async () => {
    const code = await obtainCode()
    assert.equal((await token(client, [...code, ...resourcesOf(ORDERS)])).json().error, 'invalid_target')
    assert.equal(claimsOf((await token(client, code)).json<Tokens>().access_token).aud, stage.server.issuer)
  })

  test('several resources that no one token suits', async () => {
    assert.equal((await credentials(ORDERS, LEDGER)).json().error, 'invalid_target')
  })

  test('FAPI 2.0 §5.4.1 – a resource whose tokens the profile of the client does not allow', async () => {
    const rs256 = 'https://old.example/'
    const json = { identifier: rs256, access_token_signed_response_alg: 'RS256' }
    assert.equal((await stage.server.admin.request('POST', '/admin/realm/main/resource', { json })).status, 201)
    assert.equal((await credentials(rs256)).status, 200)
    await stage.server.admin.updateRealm('main', { profile: 'fapi2_security' })
    const answer = await credentials(rs256)
    await stage.server.admin.updateRealm('main', { profile: undefined })
    assert.notEqual(answer.status, 200)
  })
})

describe('RFC 8707 §2.2 – tokens for a resource', () => {
  test('RFC 8707 §3 – a JWT has it as its audience, its lifetime and its scopes, and is good for nothing else', async () => {
    const tokens = (await credentials(ORDERS)).json<Tokens>()
    const claims = claimsOf(tokens.access_token)
    assert.equal(claims.aud, ORDERS)
    assert.equal(Number(claims.exp) - Number(claims.iat), 120)
    assert.equal(tokens.expires_in, 120)
    assert.deepEqual([claims.scope, tokens.scope], ['orders:read', 'orders:read'])
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    assert.equal((await stage.server.request('GET', '/userinfo', { headers })).status, 401)
    assert.equal((await stage.server.request('GET', '/sessions/realms/main', { headers })).status, 401)
  })

  test('a slash at the end, too much or too little, means the same; the audience is the registered one', async () => {
    assert.equal(claimsOf((await credentials(`${ORDERS}/`)).json<Tokens>().access_token).aud, ORDERS)
    assert.equal((await credentials(LEDGER.slice(0, -1))).status, 200)
  })

  test('a resource with an algorithm of its own gets it', async () => {
    const { access_token } = (await credentials(VAULT)).json<Tokens>()
    assert.equal((jsonPart(access_token, 0) as { alg: string }).alg, 'PS256')
  })

  test('several that one token suits: the audience is all of them', async () => {
    const other = { identifier: 'https://other.example/', scopes: ['orders:read'] }
    await stage.server.admin.request('POST', '/admin/realm/main/resource', { json: other })
    const { access_token } = (await credentials(ORDERS, other.identifier)).json<Tokens>()
    assert.deepEqual(claimsOf(access_token).aud, [ORDERS, other.identifier])
  })

  test('a code for several, and a token for each of them, one after the other; the ID token comes all the same', async () => {
    const code = await obtainCode(ORDERS, LEDGER, stage.server.issuer)
    const first = (await token(client, [...code, ...resourcesOf(ORDERS)])).json<Tokens>()
    assert.equal(claimsOf(first.access_token).aud, ORDERS)
    assert.ok(first.id_token)
    const refresh = (refreshToken: string, uri: string): Promise<Answer> =>
      token(client, [['grant_type', 'refresh_token'], ['refresh_token', refreshToken], ...resourcesOf(uri)])
    const second = (await refresh(first.refresh_token, LEDGER)).json<Tokens>()
    assert.doesNotMatch(second.access_token, /\./)
    const third = (await refresh(second.refresh_token, stage.server.issuer)).json<Tokens>()
    const headers = { authorization: `Bearer ${third.access_token}` }
    assert.equal((await stage.server.request('GET', '/userinfo', { headers })).json().sub, alice.id)
  })

  test('RFC 9126 §2 – a pushed request keeps all of them', async () => {
    const { verifier, challenge } = createPkce()
    const parameters = stage.server.oauth.authorizationParameters(client, challenge, { scope: 'orders:read' })
    const shown = clientAuthentication(client)
    const pushed = await stage.server.request('POST', '/par', {
      headers: shown.headers,
      form: [...Object.entries({ ...parameters, ...shown.form }), ...resourcesOf(ORDERS, VAULT)] as Pairs,
    })
    assert.equal(pushed.status, 201, pushed.body)
    const query = new URLSearchParams({
      client_id: client.client_id,
      request_uri: pushed.json<{ request_uri: string }>().request_uri,
    })
    const url = stage.server.url(`/authorize?${query}`)
    const response = await stage.server.oauth.visit(stage.server.browser(), client, url, alice)
    assert.ok('parameters' in response)
    const code: Pairs = [
      ['grant_type', 'authorization_code'],
      ['code', response.parameters.get('code') ?? ''],
      ['code_verifier', verifier],
      ['redirect_uri', client.redirect_uris[0] ?? ''],
    ]
    const { access_token } = (await token(client, [...code, ...resourcesOf(VAULT)])).json<Tokens>()
    assert.equal(claimsOf(access_token).aud, VAULT)
  })
})

describe('RFC 7662 – tokens for a resource', () => {
  test('T-AD-12 – the server of the resource may ask about its own, and about no other', async () => {
    const { access_token: its } = (await credentials(LEDGER)).json<Tokens>()
    const { access_token: another } = (await credentials(ORDERS)).json<Tokens>()
    const answer = await introspect(ledgerServer, its)
    assert.deepEqual(
      [answer.active, answer.aud, answer.scope, answer.client_id],
      [true, LEDGER, 'ledger:read', 'worker'],
    )
    assert.deepEqual(await introspect(ledgerServer, another), { active: false })
  })

  test('RFC 7009 §2.1 – an opaque token that its client revokes is over, and one of another client is not', async () => {
    const { access_token } = (await credentials(LEDGER)).json<Tokens>()
    const revoke = (by: TestClient) => {
      const headers = { authorization: clientBasic(by.client_id, by.client_secret ?? '') }
      return stage.server.request('POST', '/revoke', { headers, form: { token: access_token } })
    }
    assert.equal((await revoke(ledgerServer)).status, 200)
    assert.equal((await introspect(ledgerServer, access_token)).active, true)
    assert.equal((await revoke(worker)).status, 200)
    assert.deepEqual(await introspect(ledgerServer, access_token), { active: false })
  })

  test('RFC 6749 §4.1.2 – a replayed code ends the opaque token that was made from it', async () => {
    const code = await obtainCode(LEDGER)
    const { access_token } = (await token(client, code)).json<Tokens>()
    assert.equal((await introspect(ledgerServer, access_token)).active, true)
    assert.equal((await token(client, code)).json().error, 'invalid_grant')
    assert.deepEqual(await introspect(ledgerServer, access_token), { active: false })
  })

  test('RFC 6749 §1.4, T-OP-02 – an opaque token says nothing, and the database has its hash only', async () => {
    const { access_token } = (await credentials(LEDGER)).json<Tokens>()
    const { DatabaseSync } = await import('node:sqlite')
    const database = new DatabaseSync(stage.server.prepared.databaseUrl.replace('sqlite://', ''), { readOnly: true })
    const rows = database.prepare('select * from opaque_tokens').all()
    database.close()
    assert.ok(rows.length > 0)
    assert.ok(!JSON.stringify(rows).includes(access_token))
  })
})

describe('RFC 8707 §2 – consent', () => {
  test('the page names the resource, and allowing one is not allowing another', async () => {
    const cara = await stage.addUser('cara')
    const browser = await stage.signedInBrowser(cara, client)
    const asking = (uri: string) => stage.parametersFor(client, { resource: uri })
    const page = await stage.begin(browser, asking(ORDERS))
    assert.deepEqual(page.form.buttons, ['consent-deny', 'consent-allow'])
    const shown = await browser.request('GET', page.url)
    assert.match(shown.body, /Orders/)
    assert.ok(shown.body.includes(ORDERS))
    const answer = await stage.submit(browser, page, { decision: 'allow' })
    assert.ok(responseOf(answer).get('code'))
    assert.ok(responseOf(await stage.authorize(browser, { ...asking(ORDERS), prompt: 'none' })).get('code'))
    const other = responseOf(await stage.authorize(browser, { ...asking(VAULT), prompt: 'none' }))
    assert.equal(other.get('error'), 'consent_required')
  })
})

describe('RFC 9728 §4 – metadata', () => {
  test('the document names the registered resources', async () => {
    const metadata = (await stage.server.request('GET', '/.well-known/oauth-authorization-server')).json()
    assert.ok((metadata.protected_resources as string[]).includes(ORDERS))
  })
})

describe('/admin/realm/{id}/resource', () => {
  const at = (identifier = ''): string =>
    `/admin/realm/main/resource${identifier === '' ? '' : `/${encodeURIComponent(identifier)}`}`
  const admin = (method: string, path: string, json?: unknown): Promise<Answer> =>
    stage.server.admin.request(method, path, json === undefined ? {} : { json })

  test('what is wrong is named', async () => {
    const wrongs: [Record<string, unknown>, RegExp][] = [
      [{ identifier: 'orders' }, /identifier: must be an absolute URI/],
      [{ identifier: `${ORDERS}#x` }, /identifier/],
      [
        { identifier: 'https://a.example', access_token_format: 'paseto' },
        /access_token_format: must be one of jwt, opaque/,
      ],
      [{ identifier: 'https://a.example', access_token_ttl_secs: 0 }, /access_token_ttl_secs: must be at least 1/],
      [{ identifier: 'https://a.example', access_token_ttl_secs: 86_401 }, /must be at most a day/],
      [
        { identifier: 'https://a.example', access_token_signed_response_alg: 'none' },
        /access_token_signed_response_alg/,
      ],
      [{ identifier: 'https://a.example', scopes: ['a b'] }, /scopes\[0\]/],
      [{ identifier: 'https://a.example', secret: 'x' }, /secret: unknown/],
    ]
    for (const [json, message] of wrongs) {
      const answer = await admin('POST', at(), json)
      assert.ok([400, 422].includes(answer.status), answer.body)
      assert.match(String(answer.json().error_description), message)
    }
  })

  test('made, read, replaced and taken away; the tokens end with it', async () => {
    const identifier = 'https://books.example/v1'
    assert.equal((await admin('POST', at(), { identifier })).status, 201)
    assert.equal((await admin('POST', at(), { identifier })).status, 409)
    assert.deepEqual((await admin('GET', at(identifier))).json(), { identifier, access_token_format: 'jwt' })
    assert.equal((await admin('PUT', at(identifier), { access_token_format: 'opaque' })).status, 200)
    assert.doesNotMatch((await credentials(identifier)).json<Tokens>().access_token, /\./)
    const page = (await admin('GET', `${at()}?limit=200`)).json<{ items: { identifier: string }[] }>()
    assert.ok(page.items.some((item) => item.identifier === identifier))
    const code = await obtainCode(identifier)
    assert.equal((await admin('DELETE', at(identifier))).status, 204)
    assert.equal((await admin('GET', at(identifier))).status, 404)
    assert.equal((await credentials(identifier)).json().error, 'invalid_target')
    assert.equal((await token(client, code)).json().error, 'invalid_target')
  })
})

for (const database of ['postgresql', 'mysql'] as const)
  test(`RFC 8707 – an opaque token, from issue to revocation, on ${database}`, {
    skip: skipWithout(database),
  }, async (t) => {
    const server = await startServer({ database })
    t.after(() => server.close())
    await server.admin.updateRealm('main', {
      scopes: [{ name: 'ledger:read' }],
      resources: [{ identifier: LEDGER, access_token_format: 'opaque' }],
    })
    const caller = await server.admin.createClient({
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      scope: 'ledger:read',
    })
    const answer = await server.oauth.token(caller, { grant_type: 'client_credentials', resource: LEDGER })
    const { access_token } = answer.json<Tokens>()
    const ask = async (path: string): Promise<Answer> =>
      server.request('POST', path, { headers: clientAuthentication(caller).headers, form: { token: access_token } })
    assert.equal((await ask('/introspect')).json().active, true)
    assert.equal((await ask('/revoke')).status, 200)
    assert.deepEqual((await ask('/introspect')).json(), { active: false })
  })
