import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createExchange } from '../../../src/grants/exchange.ts'
import { sha256 } from '../../../src/system/hashing.ts'
import {
  codeRequest,
  jsonPart,
  openTokenWorld,
  refreshRequest,
  type TokenWorld,
  tokenRequest,
} from '../../support/tokens.ts'

const ask = async (world: TokenWorld, parameters: Record<string, string>) =>
  (await world.exchange(await world.open(), tokenRequest(parameters))).response

const ofItself = { grant_types: ['client_credentials' as const], scope: 'openid roles reports jobs' }

test('RFC 6749 §5.2 – a request without a grant_type, and one with an unknown grant_type', async (t) => {
  const world = await openTokenWorld(t)
  await assert.rejects(ask(world, {}), { code: 'invalid_request' })
  for (const grantType of ['password', 'implicit', 'constructor', '__proto__', 'Authorization_Code']) {
    await assert.rejects(ask(world, { grant_type: grantType }), { code: 'unsupported_grant_type' })
  }
})

test('RFC 6749 §5.2 – a client is refused a grant_type it is not registered for', async (t) => {
  const world = await openTokenWorld(t)
  await world.addClient(ofItself)
  for (const grantType of ['authorization_code', 'refresh_token']) {
    await assert.rejects(ask(world, { grant_type: grantType }), { code: 'unauthorized_client' })
  }
})

test('N-21-16 RFC 6749 §4.4 and OAuth 2.1 §4.2 – a public client cannot act for itself', async (t) => {
  const world = await openTokenWorld(t)
  await world.addClient({ ...ofItself, token_endpoint_auth_method: 'none' })
  const request = tokenRequest({ grant_type: 'client_credentials', client_id: 'app' }, { authorization: undefined })
  await assert.rejects(world.exchange(await world.open(), request), { code: 'unauthorized_client' })
})

test('RFC 6749 §3.3 – for itself a client gets no scope that is about a person, and none it is not registered for', async (t) => {
  const world = await openTokenWorld(t)
  await world.addClient(ofItself)
  for (const scope of ['openid', 'roles', 'reports openid', 'other']) {
    await assert.rejects(ask(world, { grant_type: 'client_credentials', scope }), { code: 'invalid_scope' })
  }
})

test('N-21-02 RFC 6749 §3.3, §4.4.3 – without a scope it gets all of its own, and never a refresh token', async (t) => {
  const world = await openTokenWorld(t)
  await world.addClient({ ...ofItself, grant_types: ['client_credentials', 'refresh_token'] })
  const response = await ask(world, { grant_type: 'client_credentials' })
  assert.deepEqual(Object.keys(response).sort(), ['access_token', 'expires_in', 'scope', 'token_type'])
  assert.equal(response.scope, 'reports jobs')
  assert.equal((await ask(world, { grant_type: 'client_credentials', scope: 'jobs' })).scope, 'jobs')
})

test('RFC 6749 §3.3 – a client without scopes of its own gets a token without scope', async (t) => {
  const world = await openTokenWorld(t)
  await world.addClient({ ...ofItself, scope: 'openid' })
  const response = await ask(world, { grant_type: 'client_credentials' })
  assert.equal('scope' in response, false)
  assert.equal('scope' in jsonPart(response.access_token, 1), false)
})

test('N-21-11 RFC 6749 §5.1 – a token whose commit fails is handed to nobody', async (t) => {
  const world = await openTokenWorld(t)
  await world.addClient()
  await world.addUser()
  const code = await world.addCode()
  const failing = createExchange({
    ...world,
    store: { transaction: async () => Promise.reject(new Error('the disk is full')) },
  })
  await assert.rejects(failing(await world.open(), tokenRequest(codeRequest(code))), /the disk is full/)
  assert.equal((await world.store.realm('main').authorizationCodes.find(sha256(code)))?.usedAt, undefined)
})

test('T-AC-07 RFC 6749 §4.1.2 – a signature that fails costs the client neither its code nor its refresh token', async (t) => {
  const world = await openTokenWorld(t)
  await world.addClient()
  await world.addUser()
  const code = await world.addCode()
  const keys = { ...world.keys, signer: async () => Promise.reject(new Error('no key')) }
  const failing = createExchange({ ...world, keys })
  await assert.rejects(failing(await world.open(), tokenRequest(codeRequest(code))), /no key/)
  const { refresh_token: refreshToken = '' } = await ask(world, codeRequest(code))
  await assert.rejects(failing(await world.open(), tokenRequest(refreshRequest(refreshToken))), /no key/)
  assert.ok((await ask(world, refreshRequest(refreshToken))).access_token)
})
