/** FAPI 2.0 Security Profile Final and Message Signing Final – the modules in which the client gets what it asks for, or the person says no. */
import assert from 'node:assert/strict'
import { isJarm, isOpenid, isSigned } from '../../../support/conformance/combinations.ts'
import { fapi2Modules } from '../../../support/conformance/fapi2_modules.ts'
import { CLAIMS, OPENID_SCOPE } from '../../../support/conformance/suite.ts'
import { jsonPart } from '../../../support/tokens.ts'

/** What UserInfo is called with, beside the token: none of it is a reason to refuse. */
const RESOURCE_HEADERS: Record<string, string>[] = [
  {
    'x-fapi-interaction-id': 'c770aef3-6784-41f7-8e0e-ff5f97bddb3a',
    'x-fapi-auth-date': 'Tue, 11 Sep 2012 19:43:31 GMT',
    'x-fapi-customer-ip-address': '198.51.100.119',
  },
  { 'x-fapi-customer-ip-address': '2001:db8::1893:25c8:1946' },
  { accept: 'application/json; charset=utf-8' },
  { accept: '*/*' },
  { accept: 'application/json' },
]

fapi2Modules('FAPI 2.0 §5.3.2 – flows', (module) => {
  module('fapi2-security-profile-final-happy-flow', async ({ combination, one, two }) => {
    const first = await one.obtainTokens()
    const second = await two.obtainTokens()
    for (const [client, tokens] of [
      [one, first],
      [two, second],
    ] as const)
      assert.ok(await client.isServed(tokens.access_token))
    if (!isOpenid(combination)) return
    for (const headers of RESOURCE_HEADERS) {
      const answer = await one.userinfo(first.access_token, { headers })
      assert.equal(answer.status, 200, answer.body)
      assert.match(String(answer.headers['content-type']), /^application\/json(?:; charset=utf-8)?$/)
      assert.ok(Math.abs(Date.parse(String(answer.headers.date)) - Date.now()) < 300_000)
    }
    // Whoever else holds the token has another key.
    assert.equal((await one.userinfo(second.access_token)).status, 401)
    const inQuery = await one.userinfo(first.access_token, { query: `access_token=${first.access_token}` })
    assert.ok([400, 401].includes(inQuery.status))
  })

  module('fapi2-security-profile-final-user-rejects-authentication', async ({ suite, one }) => {
    const requestUri = await one.pushed({ state: 'rejected', prompt: 'consent' })
    const answer = await one.authorize(requestUri, { browser: suite.server.browser(), decision: 'deny' })
    assert.ok(answer instanceof URLSearchParams)
    assert.equal(answer.get('error'), 'access_denied')
    assert.deepEqual([answer.get('state'), answer.get('iss')], ['rejected', suite.metadata.issuer])
    for (const name of answer.keys()) assert.ok(['error', 'error_description', 'state', 'iss'].includes(name), name)
  })

  module(
    'fapi2-security-profile-final-ensure-request-object-with-multiple-aud-succeeds',
    async ({ suite, one }) => {
      const aud = [suite.metadata.issuer, 'https://other.example']
      await one.pushed({}, { object: { claims: { aud } } })
    },
    isSigned,
  )

  module('fapi2-security-profile-final-ensure-authorization-request-without-state-success', async ({ one }) => {
    await one.obtainTokens({ state: undefined })
  })

  module(
    'fapi2-security-profile-final-ensure-authorization-request-without-nonce-success',
    async ({ one }) => {
      await one.obtainTokens({ nonce: undefined })
    },
    isOpenid,
  )

  module(
    'fapi2-security-profile-final-ensure-authorization-request-with-64-char-nonce-success',
    async ({ one }) => {
      await one.obtainTokens({ nonce: 'n-._~aZ9'.repeat(8) })
    },
    isOpenid,
  )

  module('fapi2-security-profile-final-ensure-authorization-request-with-long-nonce', async ({ combination, one }) => {
    const nonce = 'nonce-012345'.repeat(32)
    assert.equal(nonce.length, 384)
    const tokens = await one.readAnswer(
      await one.redeem(await one.obtainCode({ nonce })),
      isOpenid(combination) ? nonce : undefined,
    )
    assert.ok(await one.isServed(tokens.access_token))
  })

  module('fapi2-security-profile-final-ensure-authorization-request-with-long-state', async ({ one }) => {
    await one.obtainTokens({ state: 'a-._~bcdef'.repeat(100) })
  })

  module('fapi2-security-profile-final-ensure-other-scope-order-succeeds', async ({ combination, one }) => {
    if (!isOpenid(combination)) return void (await one.obtainTokens())
    const scope = OPENID_SCOPE.split(' ').reverse().join(' ')
    const tokens = await one.obtainTokens({ scope })
    assert.deepEqual(tokens.scope.split(' ').sort(), scope.split(' ').sort())
  })

  module(
    'fapi2-security-profile-final-test-claims-parameter-identity-claims',
    async ({ suite, one }) => {
      const supported = Object.keys(CLAIMS).filter((name) =>
        (suite.metadata.claims_supported as string[]).includes(name),
      )
      assert.deepEqual(supported.sort(), Object.keys(CLAIMS).sort())
      const forms = [null, {}, { essential: false }, { essential: true }]
      const asked = Object.fromEntries([
        ...supported.map((name, index) => [name, forms[index % forms.length]]),
        ['unknown_claim', null],
        ['https://claims.example/other', { essential: true }],
      ])
      const claims = JSON.stringify({ id_token: asked, userinfo: asked })
      const tokens = await one.obtainTokens({ scope: 'openid', claims }, { asked: supported })
      const idToken = jsonPart(tokens.id_token, 1)
      const userinfo = (await one.userinfo(tokens.access_token)).json<Record<string, unknown>>()
      const { sub, ...told } = userinfo
      assert.equal(sub, idToken.sub)
      assert.deepEqual(told, CLAIMS)
      for (const [name, value] of Object.entries(CLAIMS)) assert.deepEqual(idToken[name], value, name)
    },
    isOpenid,
  )

  module(
    'fapi2-security-profile-final-access-token-type-header-case-sensitivity',
    async ({ one }) => {
      const { access_token: token, token_type: type } = await one.obtainTokens()
      const inverted = [...type].map((c) => (c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase())).join('')
      assert.equal((await one.userinfo(token, { headers: { authorization: `${inverted} ${token}` } })).status, 200)
    },
    isOpenid,
  )

  module('fapi2-security-profile-final-par-without-duplicate-parameters', async ({ one }) => {
    // Nothing but client_id and request_uri is what every flow here sends.
    await one.codeFrom(await one.pushed({ state: 'inside' }), 'inside')
  })

  module(
    'fapi2-security-profile-final-ensure-different-nonce-inside-and-outside-request-object',
    async ({ combination, one }) => {
      const nonce = isOpenid(combination) ? 'inside' : undefined
      const code = await one.codeFrom(await one.pushed({ nonce, state: 's' }), 's', { beside: { nonce: 'outside' } })
      await one.readAnswer(await one.redeem(code), nonce)
    },
  )

  module('fapi2-security-profile-final-ensure-different-state-inside-and-outside-request-object', async ({ one }) => {
    await one.codeFrom(await one.pushed({ state: 'inside' }), 'inside', { beside: { state: 'outside' } })
  })

  module('fapi2-security-profile-final-state-only-outside-request-object-not-used', async ({ combination, one }) => {
    const nonce = isOpenid(combination) ? 'n-1' : undefined
    const requestUri = await one.pushed({ nonce, state: undefined })
    const code = await one.codeFrom(requestUri, undefined, { beside: { state: 'outside' } })
    const { id_token: idToken } = await one.readAnswer(await one.redeem(code), nonce)
    if (idToken !== undefined) assert.equal(jsonPart(idToken, 1).s_hash, undefined)
  })

  module('fapi2-security-profile-final-plain-fapi-tolerate-unregistered-redirect-uri', async ({ one }) => {
    const answer = await one.push({ redirect_uri: 'https://suite.example/test/a/alias/unregistered' })
    assert.deepEqual([answer.status, answer.json().error], [400, 'invalid_request'])
  })

  module(
    'JARM §2.4 – an error is signed as well, also where nobody was asked',
    async ({ suite, one }) => {
      const requestUri = await one.pushed({ state: 's', prompt: 'none' })
      const answer = await one.authorize(requestUri, { browser: suite.server.browser() })
      assert.ok(answer instanceof URLSearchParams)
      const { error_description: _description, ...fields } = Object.fromEntries(answer)
      assert.deepEqual(fields, { error: 'login_required', state: 's', iss: suite.metadata.issuer })
    },
    isJarm,
  )
})
