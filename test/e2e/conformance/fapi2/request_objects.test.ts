/** FAPI 2.0 Message Signing Final – the modules about signed requests: each is refused at the endpoint where it is pushed, by its code. */
import { isSigned } from '../../../support/conformance/combinations.ts'
import { fapi2Modules, isRefused, type Running } from '../../../support/conformance/fapi2_modules.ts'
import type { Changes } from '../../../support/conformance/keys.ts'

const HOUR = 3_600

/** What is wrong with the object, by the end of the module's name; `invalid_request_object` is the only right answer. */
const WRONG: Record<string, (running: Running) => Changes> = {
  'fapi2-security-profile-final-ensure-request-object-without-exp-fails': () => ({ claims: { exp: undefined } }),
  'fapi2-security-profile-final-ensure-request-object-without-nbf-fails': () => ({ claims: { nbf: undefined } }),
  'fapi2-security-profile-final-ensure-expired-request-object-fails': ({ suite }) => ({
    claims: { nbf: suite.now() - 600, iat: suite.now() - 600, exp: suite.now() - 300 },
  }),
  'fapi2-security-profile-final-ensure-request-object-with-bad-aud-fails': ({ suite }) => ({
    claims: { aud: `${suite.metadata.issuer}/wrong` },
  }),
  'fapi2-security-profile-final-ensure-request-object-with-exp-over-60-fails': ({ suite }) => ({
    claims: { exp: suite.now() + HOUR + 600 },
  }),
  'fapi2-security-profile-final-ensure-request-object-with-nbf-over-60-fails': ({ suite }) => ({
    claims: { nbf: suite.now() - HOUR - 600 },
  }),
  'fapi2-security-profile-final-ensure-signed-request-object-with-RS256-fails': () => ({ alg: 'RS256' }),
  'fapi2-security-profile-final-ensure-request-object-signature-algorithm-is-not-none': () => ({ alg: 'none' }),
  'fapi2-security-profile-final-ensure-request-object-with-invalid-signature-fails': () => ({ isBroken: true }),
  'fapi2-security-profile-final-ensure-matching-key-in-authorization-request': ({ suite }) => ({ key: suite.keys.two }),
  'fapi2-security-profile-final-par-authorization-request-containing-request_uri': () => ({
    claims: { request_uri: 'urn:ietf:params:oauth:request_uri:other' },
  }),
}

fapi2Modules('FAPI 2.0 Message Signing §5.3.1 – a request object is refused', (module) => {
  for (const [name, changes] of Object.entries(WRONG))
    module(
      name,
      async (running) => {
        isRefused(await running.one.push({}, { object: changes(running) }), 400, 'invalid_request_object')
      },
      isSigned,
    )

  module(
    'fapi2-security-profile-final-ensure-unsigned-request-at-par-endpoint-fails',
    async ({ one }) => isRefused(await one.push({}, { object: false }), 400, 'invalid_request'),
    isSigned,
  )
})

fapi2Modules('FAPI 2.0 Message Signing §5.3.1 – a request object is taken', (module) => {
  module(
    'fapi2-security-profile-final-ensure-request-object-with-nbf-8-seconds-in-the-future-is-accepted',
    async ({ suite, one }) => {
      await one.pushed({}, { object: { claims: { nbf: suite.now() + 8 } } })
    },
    isSigned,
  )
})
