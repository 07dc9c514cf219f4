/** RFC 9470 and OpenID Connect Core `acr` – how well a person signed in: asked for, reached, and said in the tokens. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { CODE_VERIFIER } from '../../support/authorization.ts'
import { type AuthorizationStage, openAuthorizationStage, responseOf } from '../../support/authorization_stage.ts'
import type { Answer, Browser } from '../../support/client.ts'
import type { Person, TestClient, TokenAnswer } from '../../support/oauth.ts'
import { jsonPart } from '../../support/tokens.ts'
import { createApp } from '../../support/totp.ts'

let stage: AuthorizationStage
let client: TestClient
let alice: Person
let bob: Person
let now = Date.now()

before(async () => {
  stage = await openAuthorizationStage({ clock: { now: () => now } })
  await stage.server.admin.updateRealm('main', {
    auth_params: { username_password_params: {}, totp_params: { algorithm: 'SHA1', step: 30 } },
    acr_params: { one_factor: 'urn:example:one', two_factors: 'urn:example:two' },
  })
  client = await stage.addClient({ consent: 'skip' })
  alice = await stage.addUser('alice')
  bob = await stage.addUser('bob')
})
after(() => stage.server.close())

/** An administrator sets the app up, whatever sessions there are. */
const enrol = async (person: Person): Promise<Person> => {
  const at = `/admin/realm/main/user/${person.username}/totp`
  const made = await stage.server.admin.request('POST', `${at}/generate`)
  const app = createApp(made.json<{ secret_base32: string }>().secret_base32)
  await stage.server.admin.request('POST', `${at}/verify`, { json: { secret: app.secret, token: app.code(now) } })
  const totpCode = (): string => {
    now += 30_000
    return app.code(now)
  }
  return { ...person, totpCode }
}

const ONE = 'urn:example:one'
const TWO = 'urn:example:two'
const essential = (value: string): string => JSON.stringify({ id_token: { acr: { essential: true, values: [value] } } })

const ask = (browser: Browser, extra: Record<string, string>): Promise<Answer> =>
  stage.authorize(browser, stage.parametersFor(client, extra))

const tokensFor = async (answer: Answer): Promise<TokenAnswer> => {
  const code = responseOf(answer).get('code') ?? ''
  return (await stage.server.oauth.redeem(client, code, CODE_VERIFIER)).json<TokenAnswer>()
}

const acrsFor = async (answer: Answer): Promise<unknown[]> => {
  const { id_token, access_token } = await tokensFor(answer)
  return [jsonPart(id_token, 1).acr, jsonPart(access_token, 1).acr]
}

describe('RFC 9470 §5 – a client that needs more than the person can do', () => {
  test('unmet_authentication_requirements §2 – is told so after one more try, where it is essential', async () => {
    const browser = await stage.signedInBrowser(bob, client)
    const login = await stage.arrive(browser, await ask(browser, { claims: essential(TWO) }))
    assert.deepEqual(login.form.buttons.includes('login'), true)
    const answer = responseOf(await stage.signIn(browser, login, bob))
    assert.equal(answer.get('error'), 'unmet_authentication_requirements')
    assert.equal(answer.get('code'), null)
  })

  test('unmet_authentication_requirements §2 – at once, where the realm does not know what it needs', async () => {
    const browser = await stage.signedInBrowser(bob, client)
    const answer = responseOf(await ask(browser, { claims: essential('urn:example:three') }))
    assert.equal(answer.get('error'), 'unmet_authentication_requirements')
  })

  test('OpenID Connect Core §3.1.2.6 – with prompt=none gets login_required', async () => {
    const browser = await stage.signedInBrowser(bob, client)
    const answer = responseOf(await ask(browser, { claims: essential(TWO), prompt: 'none' }))
    assert.equal(answer.get('error'), 'login_required')
  })

  test('OpenID Connect Core §5.5.1.1 – gets what there is where it is voluntary, after one more try', async () => {
    const browser = await stage.signedInBrowser(bob, client)
    const login = await stage.arrive(browser, await ask(browser, { acr_values: TWO }))
    assert.deepEqual(await acrsFor(await stage.signIn(browser, login, bob)), [ONE, ONE])
    assert.deepEqual(await acrsFor(await ask(browser, { acr_values: TWO, prompt: 'none' })), [ONE, ONE])
    assert.deepEqual(await acrsFor(await ask(browser, { acr_values: 'urn:example:three' })), [ONE, ONE])
  })
})

describe('RFC 9470 §5 – a client that needs more than the session has', () => {
  test('gets it after the person signs in with a second factor, and every client after that', async () => {
    const browser = await stage.signedInBrowser(alice, client)
    assert.deepEqual(await acrsFor(await ask(browser, {})), [ONE, ONE])
    const enrolled = await enrol(alice)
    const parameters = stage.parametersFor(client, { acr_values: `${TWO} ${ONE}`, claims: essential(TWO) })
    const response = await stage.server.oauth.authorize(browser, client, parameters, enrolled)
    assert.ok('parameters' in response && response.parameters.has('code'), JSON.stringify(response))
    const requests: Record<string, string>[] = [{}, { acr_values: TWO }, { claims: essential(TWO), prompt: 'none' }]
    for (const extra of requests) assert.deepEqual(await acrsFor(await ask(browser, extra)), [TWO, TWO])
    // Two factors are one as well.
    assert.deepEqual(await acrsFor(await ask(browser, { claims: essential(ONE) })), [ONE, ONE])
  })
})

test('OpenID Connect Discovery §3 – acr_values_supported is what the realm has names for', async () => {
  const metadata = (await stage.server.request('GET', '/.well-known/openid-configuration')).json<{
    acr_values_supported: string[]
    claims_supported: string[]
  }>()
  assert.deepEqual(metadata.acr_values_supported, [TWO, ONE])
  assert.ok(metadata.claims_supported.includes('acr'))
})
