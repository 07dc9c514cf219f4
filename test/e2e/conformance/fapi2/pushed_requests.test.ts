/** FAPI 2.0 Security Profile Final – the modules about pushed requests and the references to them. */
import assert from 'node:assert/strict'
import { CODE_VERIFIER } from '../../../support/authorization.ts'
import { errorCodeOf } from '../../../support/client.ts'
import { isOpenid } from '../../../support/conformance/combinations.ts'
import type { Fields } from '../../../support/conformance/fapi2_client.ts'
import { fapi2Modules, isErrorOrPage, isRefused } from '../../../support/conformance/fapi2_modules.ts'

/** Refused where it is pushed, whether it is signed or not. */
const WRONG: Record<string, { changes: Fields; codes: string[] }> = {
  'fapi2-security-profile-final-ensure-request-object-without-redirect-uri-fails': {
    changes: { redirect_uri: undefined },
    codes: ['invalid_request', 'invalid_request_object'],
  },
  'fapi2-security-profile-final-ensure-redirect-uri-in-authorization-request': {
    changes: { redirect_uri: undefined },
    codes: ['invalid_request', 'invalid_request_object'],
  },
  'fapi2-security-profile-final-ensure-registered-redirect-uri': {
    changes: { redirect_uri: 'https://suite.example/test/a/alias/callback/other' },
    codes: ['invalid_request', 'invalid_request_object'],
  },
  'fapi2-security-profile-final-ensure-response-type-code-idtoken-fails': {
    changes: { response_type: 'code id_token' },
    codes: ['unsupported_response_type'],
  },
  'fapi2-security-profile-final-ensure-response-type-token-fails': {
    changes: { response_type: 'token' },
    codes: ['unsupported_response_type'],
  },
  'fapi2-security-profile-final-par-ensure-pkce-required': {
    changes: { code_challenge: undefined, code_challenge_method: undefined },
    codes: ['invalid_request'],
  },
  'fapi2-security-profile-final-par-plain-pkce-rejected': {
    changes: { code_challenge: CODE_VERIFIER, code_challenge_method: 'plain' },
    codes: ['invalid_request'],
  },
}

fapi2Modules('FAPI 2.0 §5.3.2.2 – a pushed request is refused', (module) => {
  for (const [name, { changes, codes }] of Object.entries(WRONG))
    module(name, async ({ one }) => isRefused(await one.push(changes), 400, codes))

  module(
    'fapi2-security-profile-final-par-authorization-request-containing-request_uri-form-param',
    async ({ one }) => {
      const form = { request_uri: 'urn:ietf:params:oauth:request_uri:other' }
      isRefused(await one.push({}, { form }), 400, [
        'invalid_request',
        'invalid_request_object',
        'request_uri_not_supported',
      ])
    },
  )

  module('fapi2-security-profile-final-par-attempt-invalid-http-method', async ({ one }) => {
    const answer = await one.push({}, { method: 'PUT' })
    assert.deepEqual([answer.status, answer.headers.allow], [405, 'POST'])
  })
})

fapi2Modules('FAPI 2.0 §5.3.2.2 – an authorization request is refused', (module) => {
  module(
    'fapi2-security-profile-final-ensure-unsigned-authorization-request-without-using-par-fails',
    async ({ one }) => isErrorOrPage(await one.visit(one.parametersWith()), 'invalid_request'),
  )

  module('fapi2-security-profile-final-par-attempt-reuse-request_uri', async ({ one }) => {
    const requestUri = await one.pushed({ state: 's' })
    await one.codeFrom(requestUri, 's')
    isErrorOrPage(await one.authorize(requestUri), 'invalid_request_uri')
  })

  module('fapi2-security-profile-final-par-attempt-to-use-expired-request_uri', async ({ suite, one }) => {
    const pushed = (await one.push()).json<{ request_uri: string; expires_in: number }>()
    suite.wait(pushed.expires_in)
    isErrorOrPage(await one.authorize(pushed.request_uri), 'invalid_request_uri')
  })

  module('fapi2-security-profile-final-par-attempt-to-use-request_uri-for-different-client', async ({ one, two }) => {
    isErrorOrPage(await two.authorize(await one.pushed()), [
      'invalid_request',
      'invalid_request_object',
      'invalid_request_uri',
    ])
  })
})

fapi2Modules('FAPI 2.0 §5.3.2.2 – a pushed request is answered', (module) => {
  module(
    'fapi2-security-profile-final-par-ensure-reused-request-uri-prior-to-auth-completion-succeeds',
    async ({ suite, combination, one }) => {
      const nonce = isOpenid(combination) ? 'n-1' : undefined
      const requestUri = await one.pushed({ state: 's', nonce })
      const browser = suite.server.browser()
      const parameters = new URLSearchParams({ client_id: one.clientId, request_uri: requestUri })
      const first = await browser.request('GET', `${String(suite.metadata.authorization_endpoint)}?${parameters}`)
      const login = await browser.request('GET', first.headers.location ?? '')
      assert.deepEqual([login.status, errorCodeOf(login.body)], [200, undefined])
      await one.readAnswer(await one.redeem(await one.codeFrom(requestUri, 's', { browser })), nonce)
    },
  )
})
