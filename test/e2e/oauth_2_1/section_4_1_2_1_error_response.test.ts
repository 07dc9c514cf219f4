/**
 * OAuth 2.1 §4.1.2.1 and JARM §2.1 – every error that a request can meet, in every response mode: to the address that the
 * client registered, in its way and with nothing else; and to no other address, in no way.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { REDIRECT_URI } from '../../support/authorization.ts'
import { type AuthorizationStage, openAuthorizationStage } from '../../support/authorization_stage.ts'
import { type Answer, type Browser, errorCodeOf, readForm } from '../../support/client.ts'
import type { Person, TestClient } from '../../support/oauth.ts'
import { TYPE_NAMES, TYPES } from '../../support/rich_authorization.ts'
import { createKey, publicJwkOf, signAny } from '../../support/tokens.ts'

const EVIL = 'https://evil.example/cb'
const STATE = 'af0ifjsldkj-._~'

const key = createKey('ES256')
const jwks = { keys: [publicJwkOf(key, { kid: 'k1' })] }

/** What leads to the error, and whether the person has to be signed in before. */
type Cause = { parameters: Record<string, string>; client?: () => TestClient; signedIn?: true }

const CAUSES: Record<string, Cause> = {
  invalid_request: { parameters: { code_challenge: '' } },
  invalid_scope: { parameters: { scope: 'root' } },
  unsupported_response_type: { parameters: { response_type: 'token' } },
  unauthorized_client: { parameters: {}, client: () => machine },
  registration_not_supported: { parameters: { registration: '{}' } },
  request_uri_not_supported: { parameters: { request_uri: 'https://app.example/r' }, client: () => pushing },
  invalid_authorization_details: { parameters: { authorization_details: '[{"type":"unknown"}]' } },
  login_required: { parameters: { prompt: 'none' } },
  consent_required: { parameters: { prompt: 'none', scope: 'openid email' }, signedIn: true },
  unmet_authentication_requirements: {
    parameters: { claims: '{"id_token":{"acr":{"essential":true,"value":"gold"}}}' },
    signedIn: true,
  },
}

/** Errors of the way in which a request comes: before anybody knows where an answer may go. */
const OF_THE_OBJECT: Record<string, Record<string, string>> = {
  invalid_request_object: { request: 'x.y.z' },
  invalid_request_uri: { request_uri: 'https://app.example/r' },
}

const PLAIN_MODES = ['', 'query', 'fragment', 'form_post']
const SIGNED_MODES = ['jwt', 'query.jwt', 'fragment.jwt', 'form_post.jwt']
const MODES = [...PLAIN_MODES, ...SIGNED_MODES]

let stage: AuthorizationStage
let alice: Person
let client: TestClient
let machine: TestClient
let pushing: TestClient
let signedIn: Browser
let keys: JSONWebKeySet

before(async () => {
  stage = await openAuthorizationStage()
  await stage.server.admin.updateRealm('main', { authorization_details_types: TYPES })
  alice = await stage.addUser('alice')
  client = await stage.addClient({ jwks, authorization_details_types: TYPE_NAMES })
  machine = await stage.addClient({ jwks, grant_types: ['client_credentials'], response_types: [] })
  pushing = await stage.addClient({ jwks, require_pushed_authorization_requests: true })
  signedIn = await stage.signedInBrowser(alice, client)
  keys = (await stage.server.request('GET', '/jwks.json')).json()
})
after(() => stage.server.close())

const browserFor = ({ signedIn: isSignedIn }: Cause): Browser => (isSignedIn ? signedIn : stage.server.browser())

const clientOf = (cause: Cause): TestClient => cause.client?.() ?? client

const signed = (by: TestClient, parameters: Record<string, string>): string => {
  const { request_uri: _reference, ...claims } = parameters
  const envelope = { iss: by.client_id, aud: stage.server.issuer, exp: Math.floor(Date.now() / 1000) + 60 }
  return signAny('ES256', key.privateKey, { alg: 'ES256', kid: 'k1' }, { ...claims, ...envelope })
}

describe('T-RU-09 OAuth 2.1 §4.1.2.1 – an address that is not registered is told nothing', () => {
  const isPage = (answer: Answer, what: string): void => {
    assert.equal(answer.status, 400, what)
    assert.equal(answer.headers.location, undefined, what)
    assert.equal(answer.headers.refresh, undefined, what)
    assert.match(String(answer.headers['content-type']), /^text\/html/, what)
    assert.doesNotMatch(answer.body, /<form|<script|http-equiv="refresh"|evil\.example/i, what)
    assert.ok(errorCodeOf(answer.body), what)
  }

  for (const [code, cause] of [...Object.entries(CAUSES), ['no error', { parameters: {} }] as [string, Cause]]) {
    test(`${code}, at every endpoint, in every response mode, with prompt=none and without`, async () => {
      const by = clientOf(cause)
      for (const response_mode of MODES)
        for (const prompt of ['none', cause.parameters.prompt ?? '']) {
          const extra = { redirect_uri: EVIL, ...cause.parameters, response_mode, prompt, state: STATE }
          const parameters = stage.parametersFor(by, extra)
          const what = `${code} ${response_mode} ${prompt}`
          isPage(await stage.authorize(browserFor(cause), parameters), `GET ${what}`)
          isPage(await browserFor(cause).request('POST', '/authorize', { form: parameters }), `POST ${what}`)
          const inside = { client_id: by.client_id, request: signed(by, parameters) }
          isPage(await stage.authorize(browserFor(cause), inside), `request ${what}`)
          const pushed = await stage.push(by, extra)
          assert.equal(pushed.status, 400, `PAR ${what}`)
          assert.equal(pushed.headers.location, undefined)
          assert.match(String(pushed.headers['content-type']), /^application\/json/)
        }
    })
  }

  for (const [code, wrong] of Object.entries(OF_THE_OBJECT)) {
    test(`${code}, wherever the answer would go, in every response mode`, async () => {
      for (const response_mode of MODES)
        for (const redirect_uri of [EVIL, REDIRECT_URI]) {
          const parameters = stage.parametersFor(client, { redirect_uri, response_mode, ...wrong, prompt: 'none' })
          const answer = await stage.authorize(signedIn, parameters)
          isPage(answer, `${code} ${response_mode} ${redirect_uri}`)
          assert.equal(errorCodeOf(answer.body), code)
        }
    })
  }
})

describe('T-RU-09 T-PA-04 – an address that is taken from the client while a person reads is told nothing', () => {
  for (const response_mode of MODES) {
    test(`response_mode=${response_mode || '(none)'}, at the pages and their forms`, async () => {
      const changing = await stage.addClient({ redirect_uris: [REDIRECT_URI, 'https://app.example/other'] })
      const browser = stage.server.browser()
      const extra = { response_mode, prompt: 'consent' }
      const login = await stage.begin(browser, stage.parametersFor(changing, extra))
      const consent = await stage.begin(signedIn, stage.parametersFor(changing, extra))
      await stage.changeClient(changing, (known) => ({
        ...known,
        metadata: { ...known.metadata, redirect_uris: ['https://app.example/other'] },
      }))
      const { username, password } = alice
      const answers = [
        await browser.request('GET', login.url),
        await stage.submit(browser, login, { username, password }),
        await signedIn.request('GET', consent.url),
        await stage.submit(signedIn, consent, { decision: 'allow' }),
        await stage.submit(signedIn, consent, { decision: 'deny' }),
      ]
      for (const answer of answers) {
        assert.equal(answer.status, 400)
        assert.equal(answer.headers.location, undefined)
        assert.equal(errorCodeOf(answer.body), 'invalid_request')
        assert.doesNotMatch(answer.body, /<form|app\.example\/cb/)
      }
    })
  }
})

/** What arrives at the client, and how. */
const arrived = (answer: Answer): { way: string; fields: URLSearchParams } => {
  const { location } = answer.headers
  if (location === undefined) {
    const form = readForm(answer.body)
    assert.equal(form?.action, REDIRECT_URI, `${answer.status} ${errorCodeOf(answer.body)}`)
    return { way: 'form_post', fields: new URLSearchParams(form?.fields) }
  }
  assert.equal(answer.status, 303)
  const url = new URL(location)
  assert.equal(`${url.origin}${url.pathname}`, REDIRECT_URI)
  assert.ok(url.hash === '' || url.search === '', location)
  return url.hash === ''
    ? { way: 'query', fields: url.searchParams }
    : { way: 'fragment', fields: new URLSearchParams(url.hash.slice(1)) }
}

const wayOf = (mode: string): string => mode.replace(/\.?jwt$/, '') || 'query'

const isText = (text: unknown): boolean => typeof text === 'string' && /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(text)

/** RFC 6749 §4.1.2.1, RFC 9207 §2 – these members, and none beside them. */
const checkMembers = (members: Record<string, unknown>, code: string, envelope: string[] = []): void => {
  const expected = ['error', 'error_description', 'iss', 'state', ...envelope].sort()
  assert.deepEqual(Object.keys(members).sort(), expected)
  assert.equal(members.error, code)
  assert.ok(isText(members.error) && isText(members.error_description), String(members.error_description))
  assert.equal(members.state, STATE)
  assert.equal(members.iss, stage.server.issuer)
}

const verified = async (fields: URLSearchParams, by: TestClient): Promise<Record<string, unknown>> => {
  assert.deepEqual([...fields.keys()], ['response'])
  const checks = { issuer: stage.server.issuer, audience: by.client_id }
  const { payload, protectedHeader } = await jwtVerify(fields.get('response') ?? '', createLocalJWKSet(keys), checks)
  assert.ok(protectedHeader.kid)
  // JARM §2.1 – ten minutes at most; the time that a client needs at least.
  const left = (payload.exp ?? 0) - Date.now() / 1000
  assert.ok(left > 10 && left <= 600, String(left))
  return payload
}

const check = async (answer: Answer, { mode, code, by }: { mode: string; code: string; by: TestClient }) => {
  const { way, fields } = arrived(answer)
  assert.equal(way, wayOf(mode))
  if (SIGNED_MODES.includes(mode)) checkMembers(await verified(fields, by), code, ['aud', 'exp'])
  else checkMembers(Object.fromEntries(fields), code)
}

describe('JARM §2.1, Form Post Response Mode §2, Multiple Response Types §2.1 – an error in the way that the request asks for', () => {
  for (const mode of MODES) {
    test(`response_mode=${mode || '(none)'}: every error`, async () => {
      for (const [code, cause] of Object.entries(CAUSES)) {
        const by = clientOf(cause)
        const extra = { ...cause.parameters, response_mode: mode, state: STATE }
        const answer = await stage.authorize(browserFor(cause), stage.parametersFor(by, extra))
        await check(answer, { mode, code, by })
      }
    })

    test(`response_mode=${mode || '(none)'}: access_denied, after the page`, async () => {
      const extra = { prompt: 'consent', response_mode: mode, state: STATE }
      const consent = await stage.begin(signedIn, stage.parametersFor(client, extra))
      const answer = await stage.submit(signedIn, consent, { decision: 'deny' })
      await check(answer, { mode, code: 'access_denied', by: client })
    })

    test(`response_mode=${mode || '(none)'}: of a signed and of a pushed request, as it says inside`, async () => {
      const inside = { response_mode: mode, state: STATE, prompt: 'none', scope: 'openid email' }
      const parameters = stage.parametersFor(client, inside)
      const request = { client_id: client.client_id, request: signed(client, parameters) }
      const beside = { response_mode: 'fragment', state: 'beside' }
      await check(await stage.authorize(signedIn, { ...request, ...beside }), {
        mode,
        code: 'consent_required',
        by: client,
      })
      const pushed = await stage.push(client, inside)
      const { request_uri } = pushed.json<{ request_uri: string }>()
      const reference = { client_id: client.client_id, request_uri, ...beside }
      await check(await stage.authorize(signedIn, reference), { mode, code: 'consent_required', by: client })
    })
  }

  test('RFC 6749 §4.1.2.1 – without a state where there was none', async () => {
    for (const mode of MODES) {
      const extra = { scope: 'root', response_mode: mode, state: '' }
      const { fields } = arrived(await stage.authorize(signedIn, stage.parametersFor(client, extra)))
      const members = SIGNED_MODES.includes(mode) ? await verified(fields, client) : Object.fromEntries(fields)
      assert.equal('state' in members, false, mode)
      assert.equal(members.error, 'invalid_scope')
    }
  })
})
