/** RFC 9396 §9 and §10 – how resource servers and clients learn of details. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type AuthorizationStage, openAuthorizationStage } from '../../support/authorization_stage.ts'
import { basic } from '../../support/client.ts'
import type { Person, TestClient, TokenAnswer } from '../../support/oauth.ts'
import { ACCOUNTS, PAYMENT, TYPE_NAMES, TYPES } from '../../support/rich_authorization.ts'
import { jsonPart } from '../../support/tokens.ts'

let stage: AuthorizationStage
let alice: Person
let client: TestClient
let resourceServer: TestClient
let tokens: TokenAnswer

before(async () => {
  stage = await openAuthorizationStage()
  await stage.server.admin.updateRealm('main', { authorization_details_types: TYPES })
  alice = await stage.addUser('alice')
  // Made before the first test of all files.
  client = await stage.addClient({ authorization_details_types: TYPE_NAMES, access_token_ttl_secs: 7_200 })
  resourceServer = await stage.addClient({ scope: 'introspect' })
  const extra = { authorization_details: JSON.stringify([PAYMENT, ACCOUNTS]) }
  tokens = await stage.server.oauth.obtainTokens(client, alice, { extra })
})
after(() => stage.server.close())

const introspect = async (by: TestClient, token: string) => {
  const headers = { authorization: basic(by.client_id, by.client_secret ?? '') }
  return (await stage.server.request('POST', '/introspect', { headers, form: { token } })).json()
}

describe('RFC 9396 §9 – a resource server learns of the details', () => {
  test('RFC 9396 §9.2 not by a token that is over, and not when the token is none of its business', async () => {
    const other = await stage.addClient()
    assert.deepEqual(await introspect(other, tokens.access_token), { active: false })
    const brief = await stage.server.oauth.obtainTokens(client, alice, {
      extra: { authorization_details: JSON.stringify([ACCOUNTS]) },
    })
    const headers = { authorization: basic(client.client_id, client.client_secret ?? '') }
    await stage.server.request('POST', '/revoke', { headers, form: { token: brief.access_token } })
    assert.deepEqual(await introspect(resourceServer, brief.access_token), { active: false })
  })

  test('RFC 9396 §9.1 from the access token', () => {
    assert.deepEqual(jsonPart(tokens.access_token, 1).authorization_details, [PAYMENT, ACCOUNTS])
    assert.equal('authorization_details' in jsonPart(tokens.id_token, 1), false)
  })

  test('RFC 9396 §9.2 by introspection, of both kinds of token', async () => {
    const told = await introspect(resourceServer, tokens.access_token)
    assert.equal(told.active, true)
    assert.deepEqual(told.authorization_details, [PAYMENT, ACCOUNTS])
    assert.deepEqual((await introspect(client, tokens.refresh_token)).authorization_details, [PAYMENT, ACCOUNTS])
  })
})

describe('RFC 9396 §10 – clients learn of the types', () => {
  test('from the metadata of a realm that has any, and of no other', async () => {
    for (const path of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']) {
      assert.deepEqual(
        (await stage.server.request('GET', path)).json().authorization_details_types_supported,
        TYPE_NAMES,
      )
      const other = (await stage.server.request('GET', `/realms/_${path}`)).json()
      assert.equal('authorization_details_types_supported' in other, false)
    }
  })

  test('and are registered for some of them', async () => {
    const { admin } = stage.server
    const made = (await admin.createClient({ authorization_details_types: [PAYMENT.type] })) as unknown as Record<
      string,
      unknown
    >
    assert.deepEqual(made.authorization_details_types, [PAYMENT.type])
    for (const wrong of ['payment', ['two words'], [PAYMENT.type, PAYMENT.type], [1]]) {
      const json = { redirect_uris: ['https://client.example/callback'], authorization_details_types: wrong }
      assert.ok([400, 422].includes((await admin.request('POST', '/admin/realm/main/client', { json })).status))
    }
  })

  test('that an administrator registers with the realm, each checked', async () => {
    const { admin } = stage.server
    const known = (await admin.request('GET', '/admin/realm/main')).json()
    assert.deepEqual(known.authorization_details_types, TYPES)
    const json = {
      ...known,
      authorization_details_types: [{ type: 't', title: 'T', members: [{ name: 'type', kind: 'string' }] }],
    }
    const answer = await admin.request('PUT', '/admin/realm/main', { json })
    assert.equal(answer.status, 422)
    assert.match(answer.body, /authorization_details_types/)
  })
})
