/** RFC 9396 §3, §4 and §5 – details that a client asks for at /authorize and /par, and the person who allows them. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type AuthorizationStage, openAuthorizationStage, responseOf } from '../../support/authorization_stage.ts'
import { type Browser, errorCodeOf } from '../../support/client.ts'
import type { Person, TestClient } from '../../support/oauth.ts'
import { ACCOUNTS, ACCOUNTS_TYPE, PAYMENT, PAYMENT_TYPE, TYPE_NAMES, TYPES } from '../../support/rich_authorization.ts'
import { createKey, jsonPart, publicJwkOf, signAny } from '../../support/tokens.ts'

const key = createKey('ES256')
const jwks = { keys: [publicJwkOf(key, { kid: 'k1', alg: 'ES256', use: 'sig' })] }

let stage: AuthorizationStage
let alice: Person & { id: string }
let client: TestClient

before(async () => {
  stage = await openAuthorizationStage()
  await stage.server.admin.updateRealm('main', { authorization_details_types: TYPES })
  alice = await stage.addUser('alice')
  client = await addBank()
})
after(() => stage.server.close())

const addBank = (metadata = {}): Promise<TestClient> =>
  stage.addClient({ jwks, authorization_details_types: TYPE_NAMES, ...metadata })

const asking = (...details: object[]) => ({ authorization_details: JSON.stringify(details) })

const signed = (by: TestClient, details: unknown): string => {
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    ...stage.parametersFor(by),
    iss: by.client_id,
    aud: stage.server.issuer,
    nbf: now,
    exp: now + 60,
    authorization_details: details,
  }
  return signAny('ES256', key.privateKey, { alg: 'ES256', kid: 'k1' }, claims)
}

const answerTo = async (by: TestClient, extra: Record<string, string>, browser = stage.server.browser()) =>
  responseOf(await stage.authorize(browser, stage.parametersFor(by, extra)))

/** What a person who is signed in and allowed the client its scopes sees for these details. */
const pageFor = (browser: Browser, by: TestClient, ...details: object[]) =>
  stage.begin(browser, stage.parametersFor(by, asking(...details)))

describe('RFC 9396 §5 – refused with invalid_authorization_details', () => {
  const wrongs: [string, string][] = [
    ['what is no list', JSON.stringify(PAYMENT)],
    ['what is no JSON', '[{'],
    ['an empty list', '[]'],
    ['a type that the realm does not have', JSON.stringify([{ type: 'unknown' }])],
    ['a member that the type does not have', JSON.stringify([{ ...PAYMENT, tip: '1' }])],
    ['a member of another kind', JSON.stringify([{ ...PAYMENT, creditor_name: 1 }])],
    ['a value that the type does not have', JSON.stringify([{ ...ACCOUNTS, actions: ['delete'] }])],
    ['no member that the type requires', JSON.stringify([{ type: PAYMENT.type }])],
    ['one wrong detail beside a right one', JSON.stringify([PAYMENT, { type: 'unknown' }])],
    ['more than a token can carry', JSON.stringify([{ ...PAYMENT, creditor_name: 'a'.repeat(5_000) }])],
  ]
  for (const [what, text] of wrongs) {
    test(`is ${what}, at both endpoints`, async () => {
      const answer = await answerTo(client, { authorization_details: text, prompt: 'none' })
      assert.equal(answer.get('error'), 'invalid_authorization_details')
      assert.equal(answer.get('state'), 'af0ifjsldkj')
      const pushed = await stage.push(client, { authorization_details: text })
      assert.deepEqual([pushed.status, pushed.json().error], [400, 'invalid_authorization_details'])
    })
  }

  test('RFC 9396 §10 is a type that the client is not registered for', async () => {
    const one = await addBank({ authorization_details_types: [ACCOUNTS.type] })
    assert.equal((await answerTo(one, asking(PAYMENT))).get('error'), 'invalid_authorization_details')
    const none = await stage.addClient()
    assert.equal((await answerTo(none, asking(ACCOUNTS))).get('error'), 'invalid_authorization_details')
    assert.equal((await stage.push(one, asking(ACCOUNTS))).status, 201)
  })

  test('RFC 9101 §6.3 is what a request object has wrong, and one object in place of the list', async () => {
    const browser = await stage.signedInBrowser(alice, client)
    for (const details of [[{ type: 'unknown' }], PAYMENT, [[]]]) {
      const request = signed(client, details)
      const answer = await stage.authorize(browser, { client_id: client.client_id, request })
      assert.equal(responseOf(answer).get('error'), 'invalid_authorization_details')
    }
    const number = await stage.authorize(browser, { client_id: client.client_id, request: signed(client, 7) })
    assert.equal(errorCodeOf(number.body), 'invalid_request_object')
  })

  test('T-PA-04 is a type that was taken from the client while the person reads', async () => {
    const changing = await addBank()
    const browser = await stage.signedInBrowser(alice, changing)
    const page = await pageFor(browser, changing, PAYMENT)
    await stage.changeClient(changing, (known) => ({
      ...known,
      metadata: { ...known.metadata, authorization_details_types: [ACCOUNTS.type] },
    }))
    const answer = responseOf(await stage.submit(browser, page, { decision: 'allow' }))
    assert.equal(answer.get('error'), 'invalid_authorization_details')
    assert.equal(answer.has('code'), false)
  })
})

describe('RFC 9396 §3 – a person is asked', () => {
  test('T-CS-10 in words, all of it and escaped', async () => {
    const browser = await stage.signedInBrowser(alice, client)
    const { answer } = await pageFor(browser, client, { ...PAYMENT, creditor_name: '<b onclick=x>Bank</b>' }, ACCOUNTS)
    for (const words of ['Make a payment', '123.50', 'Euro', 'See your accounts', 'What is on them', '&lt;b onclick'])
      assert.ok(answer.body.includes(words), words)
    assert.equal(answer.body.includes('<b onclick'), false)
  })

  test('T-CS-08 never in silence, and not without a page', async () => {
    const browser = await stage.signedInBrowser(alice, client)
    const silent = await answerTo(client, { ...asking(ACCOUNTS), prompt: 'none' }, browser)
    assert.equal(silent.get('error'), 'consent_required')
  })

  test('T-CS-06 about these details: the form of one page decides nothing about another', async () => {
    const browser = await stage.signedInBrowser(alice, client)
    const cheap = await pageFor(browser, client, PAYMENT)
    const dear = await pageFor(browser, client, {
      ...PAYMENT,
      instructed_amount: { amount: '99999', currency: 'EUR' },
    })
    const swapped = { csrf: cheap.form.fields.csrf ?? '', decision: 'allow' }
    const answer = await stage.submit(browser, dear, swapped)
    assert.equal(errorCodeOf(answer.body), 'forbidden')
  })

  test('every time about what a type says is for once, however often it was allowed', async () => {
    const browser = await stage.signedInBrowser(alice, client)
    for (let round = 0; round < 2; round++) {
      const page = await pageFor(browser, client, PAYMENT)
      assert.ok(responseOf(await stage.submit(browser, page, { decision: 'allow' })).has('code'))
      const silent = await answerTo(client, { ...asking(PAYMENT), prompt: 'none' }, browser)
      assert.equal(silent.get('error'), 'consent_required')
    }
    assert.deepEqual((await stage.realm.consents.find(alice.id, client.client_id))?.authorizationDetails, [])
  })

  test('RFC 9396 §6.1 once about what is remembered, and again about anything more', async () => {
    const fresh = await addBank()
    const browser = await stage.signedInBrowser(alice, fresh)
    const page = await pageFor(browser, fresh, ACCOUNTS)
    assert.ok(responseOf(await stage.submit(browser, page, { decision: 'allow' })).has('code'))
    const silently = async (detail: object) =>
      (await answerTo(fresh, { ...asking(detail), prompt: 'none' }, browser)).get('error')
    assert.equal(await silently(ACCOUNTS), null)
    assert.equal(await silently({ ...ACCOUNTS, actions: ['list'] }), null)
    assert.equal(await silently({ ...ACCOUNTS, actions: ['list', 'transactions'] }), 'consent_required')
    assert.equal(await silently({ ...ACCOUNTS, accounts: ['DE1'] }), 'consent_required')
    const both = { ...asking(ACCOUNTS, PAYMENT), prompt: 'none' }
    assert.equal((await answerTo(fresh, both, browser)).get('error'), 'consent_required')
  })

  test('again when the realm changes its mind about a type', async (t) => {
    const fresh = await addBank()
    const browser = await stage.signedInBrowser(alice, fresh)
    const page = await pageFor(browser, fresh, ACCOUNTS)
    await stage.submit(browser, page, { decision: 'allow' })
    t.after(() => stage.server.admin.updateRealm('main', { authorization_details_types: TYPES }))
    const strict = [PAYMENT_TYPE, { ...ACCOUNTS_TYPE, consent: 'every_time' }]
    await stage.server.admin.updateRealm('main', { authorization_details_types: strict })
    const silent = await answerTo(fresh, { ...asking(ACCOUNTS), prompt: 'none' }, browser)
    assert.equal(silent.get('error'), 'consent_required')
  })

  test('RFC 9396 §4 and nothing is remembered of what was denied', async () => {
    const fresh = await addBank()
    const browser = await stage.signedInBrowser(alice, fresh)
    const page = await pageFor(browser, fresh, ACCOUNTS)
    assert.equal(responseOf(await stage.submit(browser, page, { decision: 'deny' })).get('error'), 'access_denied')
    const silent = await answerTo(fresh, { ...asking(ACCOUNTS), prompt: 'none' }, browser)
    assert.equal(silent.get('error'), 'consent_required')
  })

  test('T-LG-02 and the audit tells of which types, not what they say', async () => {
    const browser = await stage.signedInBrowser(alice, client)
    await stage.submit(browser, await pageFor(browser, client, PAYMENT), { decision: 'allow' })
    const answer = await stage.server.admin.request('GET', '/admin/realm/main/audit')
    const events = answer.json<{ items: { type: string; detail: Record<string, unknown> }[] }>().items
    const granted = events.find(
      ({ type, detail }) => type === 'consent.granted' && 'authorization_details_types' in detail,
    )
    assert.deepEqual(granted?.detail.authorization_details_types, [PAYMENT.type])
    assert.equal(answer.body.includes('Merchant A'), false)
    assert.equal(stage.server.logs.join('').includes('Merchant A'), false)
  })
})

describe('RFC 9396 §3 – asked and allowed', () => {
  const obtain = async (by: TestClient, parameters: Record<string, string>) => {
    const browser = stage.server.browser()
    const code = await stage.server.oauth.obtainCode(browser, by, parameters, alice)
    const answer = await stage.server.oauth.redeem(by, code, 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')
    return answer.json<Record<string, string>>()
  }

  test('RFC 9396 §3.1 beside a scope, at /authorize', async () => {
    const tokens = await obtain(client, stage.parametersFor(client, { ...asking(PAYMENT), scope: 'openid email' }))
    assert.equal(tokens.scope, 'openid email')
    assert.deepEqual(tokens.authorization_details, [PAYMENT])
  })

  test('RFC 9396 §3.1 without a scope: details and nothing else', async () => {
    const tokens = await obtain(client, stage.parametersFor(client, { ...asking(PAYMENT), scope: '' }))
    assert.equal('scope' in tokens, false)
    assert.equal('id_token' in tokens, false)
    assert.deepEqual(tokens.authorization_details, [PAYMENT])
    assert.equal('scope' in jsonPart(tokens.access_token ?? '', 1), false)
  })

  test('RFC 9126 §2.1 pushed, and RFC 9101 §4 as a list in a signed object', async () => {
    const pushed = await stage.push(client, asking(PAYMENT))
    const { request_uri = '' } = pushed.json<Record<string, string>>()
    const byReference = await obtain(client, { client_id: client.client_id, request_uri })
    assert.deepEqual(byReference.authorization_details, [PAYMENT])
    const byValue = await obtain(client, { client_id: client.client_id, request: signed(client, [PAYMENT, ACCOUNTS]) })
    assert.deepEqual(byValue.authorization_details, [PAYMENT, ACCOUNTS])
    const asText = await obtain(client, {
      client_id: client.client_id,
      request: signed(client, JSON.stringify([ACCOUNTS])),
    })
    assert.deepEqual(asText.authorization_details, [ACCOUNTS])
  })

  test('T-PA-06 RFC 9101 §6.3 beside an object that has none: they do not count', async () => {
    const request = signed(client, undefined)
    const tokens = await obtain(client, { client_id: client.client_id, request, ...asking(PAYMENT) })
    assert.equal('authorization_details' in tokens, false)
  })

  test('T-CS-07 without a question, by a client of the realm’s own', async () => {
    const own = await addBank({ consent: 'skip' })
    const browser = await stage.signedInBrowser(alice, own)
    const silent = await answerTo(own, { ...asking(PAYMENT), prompt: 'none' }, browser)
    assert.ok(silent.has('code'))
  })
})
