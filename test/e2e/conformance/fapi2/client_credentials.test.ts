/** FAPI 2.0 Security Profile Final, client credentials – the modules that run without a person. */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { type Combination, isAssertion, isDpop } from '../../../support/conformance/combinations.ts'
import { createFapi2Client, type Fapi2Client, type Wish } from '../../../support/conformance/fapi2_client.ts'
import { isRefused } from '../../../support/conformance/fapi2_modules.ts'
import { openSuite, RESOURCE_SCOPE, type Suite } from '../../../support/conformance/suite.ts'

const PLAIN = { openid: 'plain_oauth', request: 'unsigned', response: 'plain_response' } as const

const COMBINATIONS: Combination[] = (['private_key_jwt', 'mtls'] as const).flatMap((authentication) =>
  (['dpop', 'mtls'] as const).map((constraint) => ({ ...PLAIN, authentication, constraint })),
)

for (const combination of COMBINATIONS)
  describe(`RFC 6749 §4.4 FAPI 2.0 §5.3.2.1 – client credentials, ${combination.authentication} and ${combination.constraint}`, () => {
    let suite: Suite
    let one: Fapi2Client
    let two: Fapi2Client
    before(async () => {
      suite = await openSuite()
      const parties = await suite.parties(combination, {
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
      })
      one = createFapi2Client(suite, combination, parties.one)
      two = createFapi2Client(suite, combination, parties.two)
    })
    after(() => suite.close())
    afterEach(() => suite.resetClock())

    const ask = (client: Fapi2Client, wish?: Wish) =>
      client.token({ grant_type: 'client_credentials', scope: RESOURCE_SCOPE }, wish)

    test('fapi2-security-profile-final-happy-flow', async () => {
      for (const client of [one, two]) {
        const tokens = await client.readAnswer(await ask(client))
        assert.equal(tokens.refresh_token, undefined)
        assert.ok(await client.isServed(tokens.access_token))
      }
    })

    test('fapi2-security-profile-final-ensure-client-id-in-token-endpoint', async () => {
      isRefused(await ask(one, { form: { client_id: two.clientId } }), [400, 401], ['invalid_client', 'invalid_grant'])
    })

    test('fapi2-security-profile-final-ensure-holder-of-key-required', async () => {
      isRefused(
        await ask(one, { proof: false, certificate: false }),
        [400, 401],
        isAssertion(combination) ? ['invalid_request', 'invalid_dpop_proof'] : 'invalid_client',
      )
    })

    if (isAssertion(combination)) {
      test('fapi2-security-profile-final-ensure-signed-client-assertion-with-RS256-fails', async () =>
        isRefused(await ask(one, { assertion: { alg: 'RS256' } }), 401, 'invalid_client'))

      test('fapi2-security-profile-final-ensure-client-assertion-in-token-endpoint', async () =>
        isRefused(await ask(one, { assertion: false }), 401, 'invalid_client'))

      test('fapi2-security-profile-final-ensure-client-assertion-with-exp-is-5-minutes-in-past-fails', async () =>
        isRefused(await ask(one, { assertion: { claims: { exp: suite.now() - 300 } } }), 401, 'invalid_client'))

      test('fapi2-security-profile-final-ensure-client-assertion-with-wrong-aud-fails', async () =>
        isRefused(await ask(one, { assertion: { claims: { aud: 'https://other.example' } } }), 401, 'invalid_client'))

      test('fapi2-security-profile-final-ensure-client-assertion-with-no-sub-fails', async () =>
        isRefused(await ask(one, { assertion: { claims: { sub: undefined } } }), 401, 'invalid_client'))
    }

    if (isDpop(combination))
      for (const [name, claims] of [
        ['fapi2-security-profile-final-check-dpop-proof-nbf-exp', () => ({ nbf: suite.now(), exp: suite.now() + 60 })],
        [
          'fapi2-security-profile-final-ensure-dpopproof-with-iat-10seconds-before-succeeds',
          () => ({ iat: suite.now() - 10 }),
        ],
        [
          'fapi2-security-profile-final-ensure-dpopproof-with-iat-10seconds-after-succeeds',
          () => ({ iat: suite.now() + 8 }),
        ],
      ] as const)
        test(name, async () => {
          await one.readAnswer(await ask(one, { proof: { claims: claims() } }))
        })
  })
