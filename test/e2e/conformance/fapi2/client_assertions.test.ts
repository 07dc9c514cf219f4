/** FAPI 2.0 Security Profile Final – the modules about private_key_jwt. */
import { isAssertion } from '../../../support/conformance/combinations.ts'
import { fapi2Modules, isRefused, type Running } from '../../../support/conformance/fapi2_modules.ts'
import type { Changes } from '../../../support/conformance/keys.ts'

type Wrong = (running: Running) => Changes | false

const AT_TOKEN: Record<string, Wrong> = {
  'fapi2-security-profile-final-ensure-client-assertion-in-token-endpoint': () => false,
  'fapi2-security-profile-final-ensure-client-assertion-with-exp-is-5-minutes-in-past-fails': ({ suite }) => ({
    claims: { exp: suite.now() - 300 },
  }),
  'fapi2-security-profile-final-ensure-client-assertion-with-wrong-aud-fails': () => ({
    claims: { aud: 'https://www.other1.example' },
  }),
  'fapi2-security-profile-final-ensure-client-assertion-with-no-sub-fails': () => ({ claims: { sub: undefined } }),
}

const AT_PAR: Record<string, Wrong> = {
  'fapi2-security-profile-final-par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails': ({
    suite,
  }) => ({ claims: { nbf: suite.now() + 62, iat: suite.now() + 62, exp: suite.now() + 122 } }),
  'fapi2-security-profile-final-par-test-array-as-audience-fails': ({ suite, one }) => ({
    claims: { aud: [suite.metadata.issuer, one.addressOf('token_endpoint')] },
  }),
  'fapi2-security-profile-final-par-test-par-endpoint-url-as-audience-fails': ({ one }) => ({
    claims: { aud: one.addressOf('pushed_authorization_request_endpoint') },
  }),
  'fapi2-security-profile-final-par-test-token-endpoint-url-as-audience-fails': ({ one }) => ({
    claims: { aud: one.addressOf('token_endpoint') },
  }),
}

const CODES = ['invalid_client', 'invalid_request']

fapi2Modules('FAPI 2.0 §5.3.2.1 – a client assertion is refused', (module) => {
  for (const [name, wrong] of Object.entries(AT_TOKEN))
    module(
      name,
      async (running) => {
        const code = await running.one.obtainCode()
        isRefused(await running.one.redeem(code, { assertion: wrong(running) }), [400, 401], CODES)
        // Who could not be told from anybody else has used nothing up.
        await running.one.redeem(code)
      },
      isAssertion,
    )

  for (const [name, wrong] of Object.entries(AT_PAR))
    module(
      name,
      async (running) => isRefused(await running.one.push({}, { assertion: wrong(running) }), [400, 401], CODES),
      isAssertion,
    )

  module(
    'fapi2-security-profile-final-ensure-signed-client-assertion-with-RS256-fails',
    async ({ one }) => {
      const answer = await one.redeem(await one.obtainCode(), { assertion: { alg: 'RS256' } })
      isRefused(answer, 401, 'invalid_client')
    },
    isAssertion,
  )
})

fapi2Modules('FAPI 2.0 §5.3.2.1 item 13 – a client assertion is taken', (module) => {
  module(
    'fapi2-security-profile-final-par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted',
    async ({ suite, one }) => {
      await one.pushed({}, { assertion: { claims: { nbf: suite.now() + 8, iat: suite.now() + 8 } } })
    },
    isAssertion,
  )
})
