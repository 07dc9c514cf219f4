import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { nextStep, type Situation } from '../../../src/authorization/next_step.ts'
import { OAuthError } from '../../../src/oauth/errors.ts'
import { PROMPTS } from '../../../src/oauth/prompt.ts'
import { clientWith, requestWith } from '../../support/authorization.ts'

const NOW = 1_000_000
const SESSION = { subject: 'alice', authTime: NOW - 100 }
const SCOPES = ['openid', 'profile']

const situation = (changes: Partial<Situation> = {}): Situation => ({
  request: requestWith({ scopes: SCOPES }),
  session: SESSION,
  consentedScopes: SCOPES,
  consentedDetails: [],
  consentedResources: [],
  signedInHere: false,
  now: NOW,
  ...changes,
})

/** The step, or the code of the error. */
const stepOf = (changes: Partial<Situation>): string => {
  try {
    return nextStep(situation(changes))
  } catch (error) {
    if (error instanceof OAuthError) return error.code
    throw error
  }
}

const request = requestWith

const WEAK = { reached: ['one'], reachable: ['two', 'one'] }

/** RFC 9470 §5 */
const needs = (isEssential: boolean, ...values: string[]): Partial<Situation> => ({
  request: request({ scopes: SCOPES, acr: { isEssential, values } }),
})

/** Each line: what is so, the situation, the step, and what prompt=none makes of it. */
const table: [string, Partial<Situation>, string, string][] = [
  ['nobody is signed in', { session: undefined, consentedScopes: [] }, 'login', 'login_required'],
  [
    'another person than the hint names is signed in',
    { request: request({ hintedSubject: 'bob' }) },
    'login',
    'login_required',
  ],
  ['the sign-in is older than max_age', { request: request({ maxAge: 99 }) }, 'login', 'login_required'],
  [
    'max_age is 0',
    { request: request({ maxAge: 0 }), session: { ...SESSION, authTime: NOW } },
    'login',
    'login_required',
  ],
  ['nothing was allowed yet', { consentedScopes: [] }, 'consent', 'consent_required'],
  ['less was allowed than is asked for', { consentedScopes: ['openid'] }, 'consent', 'consent_required'],
  [
    'a public client asks at a loopback address, though it was allowed before (OAuth 2.1 §7.3.1)',
    {
      request: request({
        client: clientWith({ token_endpoint_auth_method: 'none' }),
        redirectUri: 'http://127.0.0.1:1/cb',
      }),
    },
    'consent',
    'consent_required',
  ],
  [
    'a public client asks at a private-use scheme, though it was allowed before (OAuth 2.1 §7.3.1)',
    {
      request: request({
        client: clientWith({ token_endpoint_auth_method: 'none' }),
        redirectUri: 'com.example.app:/cb',
      }),
    },
    'consent',
    'consent_required',
  ],
  [
    'another person than the claims parameter names is signed in (OpenID Connect Core §5.5.1)',
    { request: request({ claimedSubject: 'bob' }) },
    'login',
    'login_required',
  ],
  ['an essential acr was not reached', { ...needs(true, 'two'), acrs: WEAK }, 'login', 'login_required'],
  ['a voluntary acr was not reached', { ...needs(false, 'two'), acrs: WEAK }, 'login', 'complete'],
  [
    'an essential acr can never be reached',
    { ...needs(true, 'three'), acrs: WEAK },
    'unmet_authentication_requirements',
    'unmet_authentication_requirements',
  ],
  [
    'an essential acr was not reached by the sign-in it led to',
    { ...needs(true, 'two'), acrs: WEAK, signedInHere: true },
    'unmet_authentication_requirements',
    'unmet_authentication_requirements',
  ],
  [
    'a voluntary acr was not reached by the sign-in it led to',
    { ...needs(false, 'two'), acrs: WEAK, signedInHere: true },
    'complete',
    'complete',
  ],
  ['a voluntary acr can never be reached', { ...needs(false, 'three'), acrs: WEAK }, 'complete', 'complete'],
  ['the realm has no names for how people sign in', needs(false, 'two'), 'complete', 'complete'],
  ['an essential acr was reached', { ...needs(true, 'one'), acrs: WEAK }, 'complete', 'complete'],
  [
    'a claim is asked for whose scope was not allowed (OpenID Connect Core §5.5)',
    { request: request({ scopes: SCOPES, claims: { userinfo: { email: null }, id_token: {} } }) },
    'consent',
    'consent_required',
  ],
  ['the person is signed in and allowed it before', {}, 'complete', 'complete'],
  ['the hint names who is signed in', { request: request({ hintedSubject: 'alice' }) }, 'complete', 'complete'],
  ['the sign-in is as old as max_age', { request: request({ maxAge: 100 }) }, 'complete', 'complete'],
  ['more was allowed than is asked for', { consentedScopes: ['email', ...SCOPES] }, 'complete', 'complete'],
  [
    'a public client asks at an https address and was allowed it before',
    { request: request({ client: clientWith({ token_endpoint_auth_method: 'none' }) }) },
    'complete',
    'complete',
  ],
  [
    'a confidential client asks at a loopback address and was allowed it before',
    { request: request({ redirectUri: 'http://127.0.0.1:1/cb' }) },
    'complete',
    'complete',
  ],
  [
    'the client needs no consent',
    { request: request({ client: clientWith({ consent: 'skip' }) }), consentedScopes: [] },
    'complete',
    'complete',
  ],
]

describe('OpenID Connect Core §3.1.2.3 – the next step when', () => {
  for (const [what, changes, step] of table) {
    test(`${what}: ${step}`, () => assert.equal(stepOf(changes), step))
  }
})

describe('T-CS-08 OpenID Connect Core §3.1.2.6 – prompt=none when', () => {
  for (const [what, changes, , answer] of table) {
    test(`${what}: ${answer}`, () => {
      const silent = { ...(changes.request ?? request({ scopes: SCOPES })), prompts: ['none' as const] }
      assert.equal(stepOf({ ...changes, request: silent }), answer)
    })
  }
})

describe('OpenID Connect Core §3.1.2.1 – prompt', () => {
  for (const prompt of ['login', 'select_account'] as const) {
    test(`${prompt} is not satisfied by a sign-in from before`, () => {
      assert.equal(stepOf({ request: request({ prompts: [prompt] }) }), 'login')
    })

    test(`${prompt} is satisfied by a sign-in on the page it led to`, () => {
      assert.equal(stepOf({ request: request({ prompts: [prompt] }), signedInHere: true }), 'complete')
    })
  }

  test('consent asks again for what was allowed, and for what needs no consent', () => {
    assert.equal(stepOf({ request: request({ prompts: ['consent'] }) }), 'consent')
    assert.equal(
      stepOf({ request: request({ prompts: ['consent'], client: clientWith({ consent: 'skip' }) }) }),
      'consent',
    )
  })

  test('login and consent are asked one after the other', () => {
    const both = request({ prompts: ['login', 'consent'] })
    assert.equal(stepOf({ request: both }), 'login')
    assert.equal(stepOf({ request: both, signedInHere: true }), 'consent')
  })

  test('max_age is satisfied by a sign-in on the page it led to, however long the person then reads', () => {
    const session = { ...SESSION, authTime: NOW - 50 }
    assert.equal(stepOf({ request: request({ maxAge: 1 }), session }), 'login')
    assert.equal(stepOf({ request: request({ maxAge: 1 }), session, signedInHere: true }), 'complete')
    assert.equal(stepOf({ request: request({ maxAge: 0 }), session, signedInHere: true }), 'complete')
  })

  test('another person than the hint names has one try to sign in as the right one', () => {
    const hinted = request({ hintedSubject: 'bob' })
    assert.equal(stepOf({ request: hinted }), 'login')
    assert.equal(stepOf({ request: hinted, signedInHere: true }), 'login_required')
  })
})

test('T-CS-08 N-21-09 – nothing is answered without a person, and never more than was allowed: the whole truth table', () => {
  const situations = fc.record({
    request: fc
      .record({
        prompts: fc.uniqueArray(fc.constantFrom(...PROMPTS), { maxLength: 2 }),
        maxAge: fc.constantFrom(undefined, 0, 99, 100),
        hintedSubject: fc.constantFrom(undefined, 'alice', 'bob'),
        scopes: fc.subarray(['openid', 'profile', 'email']),
        redirectUri: fc.constantFrom('https://app.example/cb', 'http://127.0.0.1:1/cb', 'com.example.app:/cb'),
        client: fc
          .record({
            token_endpoint_auth_method: fc.constantFrom('none' as const, 'client_secret_basic' as const),
            consent: fc.constantFrom('required' as const, 'skip' as const),
          })
          .map((metadata) => clientWith(metadata)),
      })
      .map(request),
    session: fc.constantFrom(undefined, SESSION, { ...SESSION, authTime: NOW }),
    consentedScopes: fc.subarray(['openid', 'profile', 'email']),
    signedInHere: fc.boolean(),
  })
  fc.assert(
    fc.property(situations, (changes) => {
      const { request: asked, session, consentedScopes, signedInHere } = changes
      const step = stepOf(changes)
      if (asked.prompts.includes('none')) assert.ok(step !== 'login' && step !== 'consent')
      else assert.ok(step !== 'consent_required' && (step !== 'login_required' || signedInHere))
      if (step !== 'complete' && step !== 'consent') return
      assert.ok(session)
      assert.ok(asked.hintedSubject === undefined || asked.hintedSubject === session.subject)
      assert.ok(!asked.prompts.includes('login') || signedInHere)
      assert.ok(asked.maxAge === undefined || signedInHere || NOW - session.authTime <= asked.maxAge)
      if (step !== 'complete') return
      assert.ok(!asked.prompts.includes('consent'))
      const { consent, token_endpoint_auth_method: method } = asked.client.metadata
      if (consent === 'skip') return
      assert.ok(asked.scopes.every((scope) => consentedScopes.includes(scope)))
      assert.ok(method !== 'none' || asked.redirectUri.startsWith('https://'))
    }),
    { numRuns: 2_000 },
  )
})
