/** JARM – the answer of an authorization request as one signed JWT; jose is the judge. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyResult, jwtVerify } from 'jose'
import { REDIRECT_URI } from '../../support/authorization.ts'
import { type AuthorizationStage, openAuthorizationStage, responseOf } from '../../support/authorization_stage.ts'
import { type Answer, type Browser, readForm } from '../../support/client.ts'
import type { Person, TestClient } from '../../support/oauth.ts'

let stage: AuthorizationStage
let alice: Person
let client: TestClient
let browser: Browser

before(async () => {
  stage = await openAuthorizationStage()
  alice = await stage.addUser('alice')
  client = await stage.addClient()
  browser = await stage.signedInBrowser(alice, client)
})
after(() => stage.server.close())

const verify = async (response: string, by = client): Promise<JWTVerifyResult> => {
  const jwks = (await stage.server.request('GET', '/jwks.json')).json<JSONWebKeySet>()
  return await jwtVerify(response, createLocalJWKSet(jwks), { issuer: stage.server.issuer, audience: by.client_id })
}

const ask = (extra: Record<string, string>, { by = client, where = browser } = {}): Promise<Answer> =>
  stage.authorize(where, stage.parametersFor(by, extra))

/** The one field, and nothing beside it. */
const onlyResponse = (parameters: URLSearchParams): string => {
  assert.deepEqual([...parameters.keys()], ['response'])
  return parameters.get('response') ?? ''
}

const inFragment = ({ headers: { location = '' } }: Answer): URLSearchParams => {
  assert.ok(location.startsWith(`${REDIRECT_URI}#`), location)
  return new URLSearchParams(location.slice(REDIRECT_URI.length + 1))
}

const inForm = ({ body }: Answer): URLSearchParams => {
  const form = readForm(body)
  assert.equal(form?.action, REDIRECT_URI)
  return new URLSearchParams(form?.fields)
}

const ways: [string, (answer: Answer) => URLSearchParams][] = [
  ['query.jwt', responseOf],
  ['jwt', responseOf],
  ['fragment.jwt', inFragment],
  ['form_post.jwt', inForm],
]

for (const [mode, read] of ways) {
  describe(`JARM §2.3 and §2.3.4 – ${mode}`, () => {
    test('JARM §2.1 – an error comes as a JWT, with state, issuer and audience', async () => {
      const answer = await ask({ response_mode: mode, scope: 'root' })
      const { payload } = await verify(onlyResponse(read(answer)))
      assert.equal(payload.error, 'invalid_scope')
      assert.equal(payload.state, 'af0ifjsldkj')
      assert.equal(typeof payload.error_description, 'string')
      assert.equal('code' in payload, false)
    })

    test('JARM §2.1 – and so does a code, for ten minutes at most', async () => {
      const { payload, protectedHeader } = await verify(onlyResponse(read(await ask({ response_mode: mode }))))
      assert.deepEqual(Object.keys(payload).sort(), ['aud', 'code', 'exp', 'iss', 'state'])
      assert.equal(payload.state, 'af0ifjsldkj')
      assert.equal(protectedHeader.alg, 'ES256')
      assert.ok(protectedHeader.kid)
      const left = (payload.exp ?? 0) - stage.server.deps.clock.now() / 1000
      assert.ok(left > 10 && left <= 600, String(left))
    })
  })
}

test('Multiple Response Types §2.1 – fragment, for errors and codes', async () => {
  assert.equal(inFragment(await ask({ response_mode: 'fragment', scope: 'root' })).get('error'), 'invalid_scope')
  const answer = inFragment(await ask({ response_mode: 'fragment' }))
  assert.ok(answer.get('code'))
  assert.equal(answer.get('iss'), stage.server.issuer)
})

test('JARM §2.1 – the refusal of the person', async () => {
  const consent = await stage.begin(browser, stage.parametersFor(client, { response_mode: 'jwt', prompt: 'consent' }))
  const answer = responseOf(await stage.submit(browser, consent, { decision: 'deny' }))
  assert.equal((await verify(onlyResponse(answer))).payload.error, 'access_denied')
})

test('JARM §3 – signed with the algorithm that the client is registered for', async () => {
  for (const alg of ['ES256', 'RS256', 'PS256', 'EdDSA']) {
    const by = await stage.addClient({ authorization_signed_response_alg: alg, consent: 'skip' })
    const response = onlyResponse(responseOf(await ask({ response_mode: 'jwt' }, { by })))
    const { protectedHeader } = await verify(response, by)
    assert.equal(protectedHeader.alg, alg)
  }
})

test('T-RU-14 Form Post Response Mode §4 – form_post.jwt is refused for a private-use scheme too', async () => {
  const by = await stage.addClient({ application_type: 'native', redirect_uris: ['com.example.app:/cb'] })
  const answer = await ask({ response_mode: 'form_post.jwt' }, { by })
  assert.equal(responseOf(answer, 'com.example.app:/cb').get('error'), 'invalid_request')
})

test('RFC 8725 §3.12 – a response is no hint of who is meant', async () => {
  const hint = onlyResponse(responseOf(await ask({ response_mode: 'jwt' })))
  assert.equal(responseOf(await ask({ id_token_hint: hint })).get('error'), 'invalid_request')
})
