/** RFC 9396 §6, §7 and §8 – details at the token endpoint: what was granted, or less. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { CODE_VERIFIER } from '../../support/authorization.ts'
import { type AuthorizationStage, openAuthorizationStage } from '../../support/authorization_stage.ts'
import type { Answer } from '../../support/client.ts'
import type { Person, TestClient } from '../../support/oauth.ts'
import { ACCOUNTS, PAYMENT, TYPE_NAMES, TYPES } from '../../support/rich_authorization.ts'
import { jsonPart } from '../../support/tokens.ts'

let stage: AuthorizationStage
let alice: Person
let client: TestClient
let machine: TestClient

before(async () => {
  stage = await openAuthorizationStage()
  const { admin } = stage.server
  await admin.updateRealm('main', { authorization_details_types: TYPES, scopes: [{ name: 'reports' }] })
  alice = await stage.addUser('alice')
  client = await stage.addClient({ authorization_details_types: TYPE_NAMES })
  machine = await admin.createClient({
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    scope: 'reports',
    authorization_details_types: [ACCOUNTS.type],
  })
})
after(() => stage.server.close())

type Told = { access_token: string; refresh_token: string; authorization_details?: unknown; scope?: string }

const text = (...details: object[]): string => JSON.stringify(details)

const codeFor = (by: TestClient, ...details: object[]): Promise<string> => {
  const parameters = stage.parametersFor(by, { authorization_details: text(...details) })
  return stage.server.oauth.obtainCode(stage.server.browser(), by, parameters, alice)
}

const redeem = (by: TestClient, code: string, extra: Record<string, string> = {}): Promise<Answer> =>
  stage.server.oauth.token(by, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: by.redirect_uris[0] ?? '',
    code_verifier: CODE_VERIFIER,
    ...extra,
  })

const refresh = (by: TestClient, token: string, extra: Record<string, string> = {}): Promise<Answer> =>
  stage.server.oauth.token(by, { grant_type: 'refresh_token', refresh_token: token, ...extra })

const machineToken = (extra: Record<string, string>): Promise<Answer> =>
  stage.server.oauth.token(machine, { grant_type: 'client_credentials', ...extra })

const refused = (answer: Answer): void => {
  assert.deepEqual([answer.status, answer.json().error], [400, 'invalid_authorization_details'])
  assert.equal('access_token' in answer.json(), false)
}

const told = (answer: Answer): Told => {
  assert.equal(answer.status, 200, answer.body)
  const tokens = answer.json<Told>()
  // RFC 9396 §9.1 – the token says what its response says.
  assert.deepEqual(jsonPart(tokens.access_token, 1).authorization_details, tokens.authorization_details)
  return tokens
}

describe('RFC 9396 §8 – refused with invalid_authorization_details', () => {
  test('is more than was granted for the code, which stays good', async () => {
    const code = await codeFor(client, { ...ACCOUNTS, actions: ['list'] })
    for (const more of [text(ACCOUNTS), text(PAYMENT), text({ type: 'unknown' }), '[]', '{'])
      refused(await redeem(client, code, { authorization_details: more }))
    told(await redeem(client, code))
  })

  test('T-CS-09 is more than was granted at a refresh, which uses up nothing', async () => {
    const tokens = told(await redeem(client, await codeFor(client, { ...ACCOUNTS, actions: ['list'] })))
    for (const more of [text(ACCOUNTS), text({ ...PAYMENT, creditor_name: 'Thief' })])
      refused(await refresh(client, tokens.refresh_token, { authorization_details: more }))
    told(await refresh(client, tokens.refresh_token))
  })

  test('is anything where nothing was granted in detail', async () => {
    const tokens = await stage.server.oauth.obtainTokens(client, alice)
    assert.equal('authorization_details' in tokens, false)
    refused(await refresh(client, tokens.refresh_token, { authorization_details: text(ACCOUNTS) }))
  })

  test('is a type that a client is not registered for, by its own right', async () => {
    refused(await machineToken({ authorization_details: text(PAYMENT) }))
    refused(await machineToken({ authorization_details: text(ACCOUNTS, { ...ACCOUNTS, actions: ['delete'] }) }))
  })
})

describe('RFC 9396 §7 – granted and told', () => {
  test('is what the person allowed', async () => {
    assert.deepEqual(told(await redeem(client, await codeFor(client, PAYMENT, ACCOUNTS))).authorization_details, [
      PAYMENT,
      ACCOUNTS,
    ])
  })

  test('RFC 9396 §6 is less for this token, and all again for the next', async () => {
    const less = { ...ACCOUNTS, actions: ['list'] }
    const code = await codeFor(client, PAYMENT, ACCOUNTS)
    const first = told(await redeem(client, code, { authorization_details: text(less) }))
    assert.deepEqual(first.authorization_details, [less])
    const second = told(await refresh(client, first.refresh_token))
    assert.deepEqual(second.authorization_details, [PAYMENT, ACCOUNTS])
    const third = told(await refresh(client, second.refresh_token, { authorization_details: text(PAYMENT) }))
    assert.deepEqual(third.authorization_details, [PAYMENT])
  })

  test('is not what was taken from the client, or from the realm, since then', async (t) => {
    const changing = await stage.addClient({ authorization_details_types: TYPE_NAMES })
    const first = told(await redeem(changing, await codeFor(changing, PAYMENT, ACCOUNTS)))
    await stage.changeClient(changing, (known) => ({
      ...known,
      metadata: { ...known.metadata, authorization_details_types: [ACCOUNTS.type] },
    }))
    const second = told(await refresh(changing, first.refresh_token))
    assert.deepEqual(second.authorization_details, [ACCOUNTS])
    refused(await refresh(changing, second.refresh_token, { authorization_details: text(PAYMENT) }))
    t.after(() => stage.server.admin.updateRealm('main', { authorization_details_types: TYPES }))
    await stage.server.admin.updateRealm('main', { authorization_details_types: [TYPES[0]] })
    assert.equal('authorization_details' in told(await refresh(changing, second.refresh_token)), false)
  })

  test('RFC 9396 §6 is what a client asks for itself, without a scope that it did not name', async () => {
    const tokens = told(await machineToken({ authorization_details: text(ACCOUNTS) }))
    assert.deepEqual(tokens.authorization_details, [ACCOUNTS])
    assert.equal('scope' in tokens, false)
    const both = told(await machineToken({ authorization_details: text(ACCOUNTS), scope: 'reports' }))
    assert.equal(both.scope, 'reports')
    const plain = told(await machineToken({}))
    assert.equal('authorization_details' in plain, false)
    assert.equal(plain.scope, 'reports')
  })
})
