/** OAuth 2.1 §4.1.2 – a code in every response mode: where the mode says, once, and with everything as the client sent it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { CODE_VERIFIER } from '../../support/authorization.ts'
import { type AuthorizationStage, openAuthorizationStage } from '../../support/authorization_stage.ts'
import { type Answer, type Browser, readForm } from '../../support/client.ts'
import type { Person, TestClient } from '../../support/oauth.ts'
import { jsonPart } from '../../support/tokens.ts'

/** Its own query stays in front of the answer: RFC 6749 §3.1.2. */
const QUERY = 'dummy1=lorem&dummy2=ipsum'
const REDIRECT_URI = `https://app.example/cb?${QUERY}`

const STATE = `${'aZ09-._~'.repeat(124)}12345678`
const NONCE = 'aZ09-._~'.repeat(48)

let stage: AuthorizationStage
let alice: Person
let client: TestClient
let browser: Browser

before(async () => {
  stage = await openAuthorizationStage()
  alice = await stage.addUser('alice')
  client = await stage.addClient({ redirect_uris: [REDIRECT_URI] })
  browser = await stage.signedInBrowser(alice, client)
})
after(() => stage.server.close())

/** What is in each of the three places where an answer may be. */
const placesOf = ({ headers: { location }, body }: Answer): Record<'query' | 'fragment' | 'form_post', string> => {
  if (location === undefined) {
    const form = readForm(body)
    assert.equal(form?.action, REDIRECT_URI)
    return { query: QUERY, fragment: '', form_post: new URLSearchParams(form?.fields).toString() }
  }
  const { origin, pathname, search, hash } = new URL(location)
  assert.equal(`${origin}${pathname}`, 'https://app.example/cb')
  return { query: search.slice(1), fragment: hash.slice(1), form_post: '' }
}

const WAYS = ['query', 'fragment', 'form_post'] as const

/** The parameters of the one place, after it is sure that there is nothing in the others. */
const answerIn = (way: (typeof WAYS)[number], answer: Answer): URLSearchParams => {
  const places = placesOf(answer)
  assert.ok(places.query.startsWith(QUERY), places.query)
  for (const other of WAYS.filter((name) => name !== way)) assert.equal(places[other], other === 'query' ? QUERY : '')
  return new URLSearchParams(way === 'query' ? places.query.slice(QUERY.length + 1) : places[way])
}

const once = (members: [string, unknown][]): Record<string, unknown> => {
  assert.equal(new Set(members.map(([name]) => name)).size, members.length)
  return Object.fromEntries(members)
}

const modes: [string, (typeof WAYS)[number]][] = [
  ['', 'query'],
  ['query', 'query'],
  ['fragment', 'fragment'],
  ['form_post', 'form_post'],
  ['jwt', 'query'],
  ['query.jwt', 'query'],
  ['fragment.jwt', 'fragment'],
  ['form_post.jwt', 'form_post'],
]

describe('OAuth 2.1 §4.1.2, Multiple Response Types §2.1, Form Post Response Mode §2, JARM §2.3 – a code', () => {
  for (const [response_mode, way] of modes) {
    test(`T-RU-07 response_mode=${response_mode || '(none)'}: with a state of 1000 and a nonce of 384 characters as they were`, async () => {
      const extra = { response_mode, state: STATE, nonce: NONCE, scope: 'email openid', extra: 'foobar' }
      const answer = await stage.authorize(browser, stage.parametersFor(client, extra))
      // The first time the person is asked for the scope.
      const shown = answer.headers.location?.startsWith(stage.server.issuer)
      const last = shown
        ? await stage.submit(browser, await stage.arrive(browser, answer), { decision: 'allow' })
        : answer
      const parameters = answerIn(way, last)
      const isSigned = response_mode.endsWith('jwt')
      if (isSigned) assert.deepEqual([...parameters.keys()], ['response'])
      const members = isSigned ? jsonPart(parameters.get('response') ?? '', 1) : once([...parameters])
      const { code, iss, state, aud, exp, ...others } = members
      assert.deepEqual(others, {})
      assert.deepEqual([iss, state, typeof exp], [stage.server.issuer, STATE, isSigned ? 'number' : 'undefined'])
      assert.equal(aud, isSigned ? client.client_id : undefined)
      assert.match(String(code), /^[A-Za-z0-9_-]{43}$/)
      const tokens = (await stage.server.oauth.redeem(client, String(code), CODE_VERIFIER)).json<
        Record<string, string>
      >()
      assert.equal(jsonPart(tokens.id_token ?? '', 1).nonce, NONCE)
      assert.deepEqual(tokens.scope?.split(' ').sort(), ['email', 'openid'])
    })
  }
})
