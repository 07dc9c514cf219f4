import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { ClientMetadata } from '../../../src/oauth/client_metadata.ts'
import {
  type AuthorizationStage,
  openAuthorizationStage,
  responseOf,
  type Shown,
} from '../../support/authorization_stage.ts'
import { type Answer, type Browser, errorCodeOf } from '../../support/client.ts'
import type { Person, TestClient } from '../../support/oauth.ts'

let stage: AuthorizationStage
let alice: Person & { id: string }
let client: TestClient

before(async () => {
  stage = await openAuthorizationStage()
  alice = await stage.addUser('alice')
  client = await stage.addClient()
})
after(() => stage.server.close())

const beginConsent = async (
  extra: Record<string, string> = {},
  of = client,
): Promise<{ browser: Browser; consent: Shown }> => {
  const browser = stage.server.browser()
  const login = await stage.begin(browser, stage.parametersFor(of, { prompt: 'consent', ...extra }))
  return { browser, consent: await stage.arrive(browser, await stage.signIn(browser, login, alice)) }
}

const assertErrorPage = (answer: Answer, status: number, code: string): void => {
  assert.equal(answer.status, status)
  assert.equal(errorCodeOf(answer.body), code)
  assert.equal(answer.headers.location, undefined)
}

const asksForConsent = (answer: Answer): boolean => (answer.headers.location ?? '').includes('/interaction/')

describe('T-CS-06 OpenID Connect Core §3.1.2.4 – a decision is about what this person was shown on this page', () => {
  test('a form of another site is forbidden', async () => {
    const { browser, consent } = await beginConsent()
    const foreign: Record<string, string>[] = [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]
    for (const headers of foreign) {
      const answer = await stage.submit(browser, consent, { decision: 'allow' }, { headers })
      assertErrorPage(answer, 403, 'forbidden')
    }
  })

  test('the token of another tab is forbidden', async () => {
    const { browser, consent } = await beginConsent()
    const other = await stage.begin(browser, stage.parametersFor(client, { prompt: 'consent', scope: 'openid email' }))
    const csrf = other.form.fields.csrf ?? ''
    assertErrorPage(await stage.submit(browser, consent, { decision: 'allow', csrf }), 403, 'forbidden')
  })

  test('it is forbidden when another person has signed in since in the same browser', async () => {
    const bob = await stage.addUser('bob')
    const { browser, consent } = await beginConsent()
    const login = await stage.begin(browser, stage.parametersFor(client, { prompt: 'login' }))
    await stage.signIn(browser, login, bob)
    assertErrorPage(await stage.submit(browser, consent, { decision: 'allow' }), 403, 'forbidden')
    assert.equal(await stage.realm.consents.find(bob.id, client.client_id), undefined)
  })

  test('it is forbidden when the request would now get more than was shown', async () => {
    const growing = await stage.addClient({ scope: 'openid' })
    const { browser, consent } = await beginConsent({ scope: '' }, growing)
    await stage.changeClient(growing, (known) => ({ ...known, metadata: { ...known.metadata, scope: 'openid email' } }))
    assertErrorPage(await stage.submit(browser, consent, { decision: 'allow' }), 403, 'forbidden')
  })

  test('it leads back to the login when the session is over', async () => {
    const { browser, consent } = await beginConsent()
    browser.jar.delete('__Host-sso.main')
    const answer = await stage.submit(browser, consent, { decision: 'allow' })
    assert.deepEqual((await stage.arrive(browser, answer)).form.buttons, ['login'])
  })

  test('no decision, and one that is neither, is an error', async () => {
    const { browser, consent } = await beginConsent()
    assertErrorPage(await stage.submit(browser, consent, {}), 400, 'invalid_request')
    assertErrorPage(await stage.submit(browser, consent, { decision: 'perhaps' }), 400, 'invalid_request')
  })

  test('a second submission is told that the request was answered, and gets no code', async () => {
    const { browser, consent } = await beginConsent()
    assert.ok(responseOf(await stage.submit(browser, consent, { decision: 'allow' })).has('code'))
    for (const decision of ['allow', 'deny']) {
      assertErrorPage(await stage.submit(browser, consent, { decision }), 409, 'conflict')
    }
    assertErrorPage(
      await browser.request('GET', consent.url || consent.form.action.replace(/\/consent$/, '')),
      409,
      'conflict',
    )
  })

  test('of twenty submissions at once, one decides', async () => {
    const { browser, consent } = await beginConsent()
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        stage.submit(browser, consent, { decision: n % 2 === 0 ? 'allow' : 'deny' }),
      ),
    )
    assert.equal(answers.filter(({ status }) => status === 303).length, 1)
    assert.equal(answers.filter(({ status }) => status === 409).length, 19)
  })
})

test('T-IS-07 OpenID Connect Core §3.1.2.4 – the page names client, person, place of return and what each scope gives', async () => {
  const { consent } = await beginConsent({ scope: 'openid email offline_access' })
  for (const text of [
    'Photo Printer',
    'alice',
    'app.example',
    'See your email address',
    'Keep this access when you are not using the application',
  ]) {
    assert.ok(consent.answer.body.includes(text), text)
  }
  assert.ok(!consent.answer.body.includes('See your postal address'))
  assert.deepEqual(consent.form.buttons, ['consent-deny', 'consent-allow'])
})

describe('OpenID Connect Core §3.1.2.4 – what was allowed', () => {
  test('is remembered, and not asked again', async () => {
    const fresh = await stage.addClient()
    const browser = await stage.signedInBrowser(alice, fresh, { scope: 'openid email' })
    const again = await stage.authorize(browser, stage.parametersFor(fresh, { scope: 'openid' }))
    assert.ok(responseOf(again).has('code'))
  })

  test('T-CS-07 is not more than what was shown: another scope is asked for, and then both are remembered', async () => {
    const fresh = await stage.addClient()
    const browser = await stage.signedInBrowser(alice, fresh, { scope: 'openid email' })
    const more = await stage.authorize(browser, stage.parametersFor(fresh, { scope: 'openid profile' }))
    const consent = await stage.arrive(browser, more)
    assert.ok(responseOf(await stage.submit(browser, consent, { decision: 'allow' })).has('code'))
    const scopes = (await stage.realm.consents.find(alice.id, fresh.client_id))?.scopes ?? []
    assert.deepEqual([...scopes].sort(), ['email', 'openid', 'profile'])
  })

  test('is recorded with who, which client and which scopes', async () => {
    const fresh = await stage.addClient()
    await stage.signedInBrowser(alice, fresh, { scope: 'openid email' })
    const { items } = await stage.realm.audit.list({ limit: 20 })
    const event = items.find(({ type, target }) => type === 'consent.granted' && target === fresh.client_id)
    assert.equal(event?.principal, 'alice')
    assert.deepEqual(event?.detail, { scopes: ['openid', 'email'] })
    assert.equal(event?.ip, '127.0.0.1')
  })

  test('is nothing when the person denied it', async () => {
    const fresh = await stage.addClient()
    const { browser, consent } = await beginConsent({}, fresh)
    assert.equal(responseOf(await stage.submit(browser, consent, { decision: 'deny' })).get('error'), 'access_denied')
    assert.equal(await stage.realm.consents.find(alice.id, fresh.client_id), undefined)
    assert.ok(asksForConsent(await stage.authorize(browser, stage.parametersFor(fresh))))
  })
})

describe('T-CS-07 T-IS-07 OAuth 2.1 §7.3.1 – after the person allowed it once', () => {
  const kinds: [string, Partial<ClientMetadata>, string, 'silent' | 'asked'][] = [
    ['a confidential client', {}, 'https://app.example/cb', 'silent'],
    ['a public client at an https address', { token_endpoint_auth_method: 'none' }, 'https://app.example/cb', 'silent'],
    [
      'a public client at a loopback address',
      { token_endpoint_auth_method: 'none', application_type: 'native' },
      'http://127.0.0.1/cb',
      'asked',
    ],
    [
      'a public client at a private-use scheme',
      { token_endpoint_auth_method: 'none', application_type: 'native' },
      'com.example.app:/cb',
      'asked',
    ],
    ['a client that needs no consent', { consent: 'skip' }, 'https://app.example/cb', 'silent'],
  ]
  for (const [what, metadata, redirectUri, outcome] of kinds) {
    test(`${what} is ${outcome === 'silent' ? 'answered silently' : 'asked for again, and refused with prompt=none'}`, async () => {
      const kind = await stage.addClient({ ...metadata, redirect_uris: [redirectUri] })
      const browser = await stage.signedInBrowser(alice, kind)
      const again = await stage.authorize(browser, stage.parametersFor(kind))
      const silent = responseOf(
        await stage.authorize(browser, stage.parametersFor(kind, { prompt: 'none' })),
        redirectUri,
      )
      if (outcome === 'silent') {
        assert.ok(responseOf(again).has('code'))
        assert.ok(silent.has('code'))
      } else {
        assert.ok(asksForConsent(again))
        assert.equal(silent.get('error'), 'consent_required')
      }
    })
  }

  test('a client that needs no consent is never asked for, but with prompt=consent', async () => {
    const own = await stage.addClient({ consent: 'skip' })
    const browser = stage.server.browser()
    const login = await stage.begin(browser, stage.parametersFor(own))
    assert.ok(responseOf(await stage.signIn(browser, login, alice)).has('code'))
    assert.ok(asksForConsent(await stage.authorize(browser, stage.parametersFor(own, { prompt: 'consent' }))))
  })
})
