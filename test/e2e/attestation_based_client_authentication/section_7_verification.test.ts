/** Attestation-Based Client Authentication §7 – over real headers: a realm that trusts an attester, and the instances of its clients. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createAttester, createInstance, type Instance } from '../../support/attestation.ts'
import type { Answer } from '../../support/client.ts'
import { createPkce, type Person, type TestClient, type TokenAnswer } from '../../support/oauth.ts'
import { sendHttp2, sendRaw, statusOf } from '../../support/raw.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const FORM = 'application/x-www-form-urlencoded'

const attester = createAttester('https://attester.example')
const instance = createInstance()

let server: TestServer
let client: TestClient
let person: Person

before(async () => {
  server = await startServer()
  await server.admin.updateRealm('main', { client_attesters: [attester.registered] })
  person = await server.admin.createUser()
  client = await server.admin.createClient({
    token_endpoint_auth_method: 'attest_jwt_client_auth',
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    consent: 'skip',
  })
})
after(() => server.close())

const now = (): number => Math.floor(Date.now() / 1000)

const headersOf = (by: Instance): { 'oauth-client-attestation': string; 'oauth-client-attestation-pop': string } => ({
  'oauth-client-attestation': attester.attest(client.client_id, by, now()),
  'oauth-client-attestation-pop': by.prove(server.issuer, now()),
})

const post = (path: string, form: Record<string, string>, headers: Record<string, string> = headersOf(instance)) =>
  server.request('POST', path, { form, headers })

const errorOf = async (asked: Promise<Answer>): Promise<unknown[]> => {
  const answer = await asked
  return [answer.status, answer.json().error]
}

const MACHINE = { grant_type: 'client_credentials' }

test('Attestation-Based Client Authentication §7.1 and §7.2 – each header once: missing, or twice, is refused', async () => {
  const { 'oauth-client-attestation': attestation, 'oauth-client-attestation-pop': pop } = headersOf(instance)
  const incomplete: Record<string, string>[] = [
    { 'oauth-client-attestation': attestation },
    { 'oauth-client-attestation-pop': pop },
    { 'oauth-client-attestation': attestation, dpop: pop },
  ]
  for (const headers of incomplete)
    assert.deepEqual(await errorOf(post('/token', MACHINE, headers)), [401, 'invalid_client'])
  const body = `grant_type=client_credentials&client_id=${client.client_id}`
  const raw = (lines: string[]): Promise<string> =>
    sendRaw(
      server,
      [
        'POST /token HTTP/1.1',
        `Host: ${new URL(server.issuer).host}`,
        `Content-Type: ${FORM}`,
        `Content-Length: ${body.length}`,
        ...lines,
        'Connection: close',
        '',
        body,
      ].join('\r\n'),
    )
  const once = [`OAuth-Client-Attestation: ${attestation}`, `OAUTH-CLIENT-ATTESTATION-POP: ${pop}`]
  for (const again of [`OAuth-Client-Attestation: ${attestation}`, `OAuth-Client-Attestation-PoP: ${pop}`])
    assert.equal(statusOf(await raw([...once, again])), 401)
  // Refused requests used nothing up.
  assert.equal(statusOf(await raw(once)), 200)
  assert.equal(statusOf(await raw(once)), 401)
})

test('Attestation-Based Client Authentication §4 – over HTTP/2 as well', async () => {
  const headers = { ':method': 'POST', ':path': '/token', 'content-type': FORM, ...headersOf(instance) }
  assert.equal((await sendHttp2(server, headers, 'grant_type=client_credentials')).status, 200)
  assert.equal((await sendHttp2(server, headers, 'grant_type=client_credentials')).status, 401)
})

test('Attestation-Based Client Authentication §7.5 – at every endpoint that clients call, and with no other client_id', async () => {
  const { challenge } = createPkce()
  const request = server.oauth.authorizationParameters(client, challenge)
  assert.equal((await post('/par', request)).status, 201)
  assert.equal((await post('/introspect', { token: 'x' })).status, 200)
  assert.equal((await post('/revoke', { token: 'x' })).status, 200)
  assert.deepEqual(await errorOf(post('/token', { ...MACHINE, client_id: 'another' })), [401, 'invalid_client'])
  assert.deepEqual(await errorOf(post('/token', { ...MACHINE, client_id: client.client_id }, {})), [
    401,
    'invalid_client',
  ])
})

test('Attestation-Based Client Authentication §7.4 – an attestation that has expired: the client is told to get another', async () => {
  const expired = attester.attest(client.client_id, instance, now(), { claims: { exp: now() - 1 } })
  const headers = { ...headersOf(instance), 'oauth-client-attestation': expired }
  assert.deepEqual(await errorOf(post('/token', MACHINE, headers)), [400, 'use_fresh_attestation'])
})

test('Attestation-Based Client Authentication §10.3 – a refresh token is of no use to another instance of the client', async () => {
  const { verifier, challenge } = createPkce()
  const parameters = server.oauth.authorizationParameters(client, challenge)
  const code = await server.oauth.obtainCode(server.browser(), client, parameters, person)
  const redirect_uri = client.redirect_uris[0] ?? ''
  const issued = await post('/token', { grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier })
  const { refresh_token } = issued.json<TokenAnswer>()
  const refresh = (by: Instance): Promise<Answer> =>
    post('/token', { grant_type: 'refresh_token', refresh_token }, headersOf(by))
  assert.deepEqual(await errorOf(refresh(createInstance())), [400, 'invalid_grant'])
  assert.equal((await refresh(instance)).status, 200)
})

test('Attestation-Based Client Authentication §10.8 – a realm that stops trusting the attester lets no instance in', async () => {
  await server.admin.updateRealm('main', { client_attesters: [createAttester('https://attester.example').registered] })
  assert.deepEqual(await errorOf(post('/token', MACHINE)), [401, 'invalid_client'])
  await server.admin.updateRealm('main', { client_attesters: [attester.registered] })
  assert.equal((await post('/token', MACHINE)).status, 200)
})
