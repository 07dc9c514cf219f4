/** FAPI 2.0 Security Profile Final – the modules about DPoP. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type Combination, isDpop, isOpenid } from '../../../support/conformance/combinations.ts'
import type { Fapi2Client, Wish } from '../../../support/conformance/fapi2_client.ts'
import { fapi2Modules, isRefused } from '../../../support/conformance/fapi2_modules.ts'
import { createProofKey } from '../../../support/dpop.ts'

const hasResource = (combination: Combination): boolean => isDpop(combination) && isOpenid(combination)

/** Everywhere: where requests are pushed, where tokens are, and at the resource. */
const isTakenEverywhere = async (one: Fapi2Client, combination: Combination, wish: () => Wish): Promise<void> => {
  const code = await one.codeFrom(await one.pushed({ state: 's', nonce: undefined }, wish()), 's')
  const { access_token: token } = await one.readAnswer(await one.redeem(code, wish()))
  if (isOpenid(combination)) assert.equal((await one.userinfo(token, wish())).status, 200)
}

fapi2Modules('RFC 9449 §4.3 – a proof is taken', (module) => {
  module(
    'fapi2-security-profile-final-check-dpop-proof-nbf-exp',
    async ({ suite, combination, one }) =>
      isTakenEverywhere(one, combination, () => ({
        proof: { claims: { nbf: suite.now(), exp: suite.now() + 60 } },
      })),
    isDpop,
  )

  module(
    'fapi2-security-profile-final-ensure-dpopproof-with-iat-10seconds-before-succeeds',
    async ({ suite, combination, one }) =>
      isTakenEverywhere(one, combination, () => ({ proof: { claims: { iat: suite.now() - 10 } } })),
    isDpop,
  )

  module(
    'fapi2-security-profile-final-ensure-dpopproof-with-iat-10seconds-after-succeeds',
    async ({ suite, combination, one }) =>
      isTakenEverywhere(one, combination, () => ({ proof: { claims: { iat: suite.now() + 8 } } })),
    isDpop,
  )
})

fapi2Modules('RFC 9449 §10 – codes and keys', (module) => {
  module(
    'fapi2-security-profile-final-ensure-mismatched-dpop-jkt-fails',
    async ({ one }) => {
      const answer = await one.push({ dpop_jkt: createProofKey().jkt }, { proof: {} })
      isRefused(answer, 400, ['invalid_request', 'invalid_dpop_proof'])
    },
    isDpop,
  )

  module(
    'fapi2-security-profile-final-ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt',
    async ({ one }) => {
      const code = await one.codeFrom(await one.pushed({ state: 's' }, { proof: {} }), 's')
      const answer = await one.redeem(code, { proofKey: createProofKey() })
      isRefused(answer, 400, ['invalid_request', 'invalid_grant', 'invalid_dpop_proof'])
    },
    isDpop,
  )

  module(
    'fapi2-security-profile-final-ensure-token-endpoint-fails-with-mismatched-dpop-jkt',
    async ({ one }) => {
      const code = await one.obtainCode({ dpop_jkt: one.proofKey.jkt })
      const answer = await one.redeem(code, { proofKey: createProofKey() })
      isRefused(answer, 400, ['invalid_request', 'invalid_grant', 'invalid_dpop_proof'])
    },
    isDpop,
  )

  module(
    'fapi2-security-profile-final-ensure-dpopproof-at-par-endpoint-binding-success',
    async ({ one }) => {
      const code = await one.codeFrom(await one.pushed({ state: 's', nonce: undefined }, { proof: {} }), 's')
      await one.readAnswer(await one.redeem(code))
    },
    isDpop,
  )

  module(
    'fapi2-security-profile-final-ensure-dpop-auth-code-binding-success',
    async ({ one }) => {
      await one.obtainTokens({ dpop_jkt: one.proofKey.jkt })
    },
    isDpop,
  )
})

/** Each is one way to be refused at the resource. */
const WRONG: Record<string, (one: Fapi2Client, now: number) => Wish> = {
  'no typ': () => ({ proof: { header: { typ: undefined } } }),
  'another typ': () => ({ proof: { header: { typ: 'JWT' } } }),
  'no alg': () => ({ proof: { header: { alg: undefined } } }),
  'alg none': () => ({ proof: { header: { alg: 'none' } } }),
  'alg RS256': () => ({ proof: { header: { alg: 'RS256' } } }),
  'no jwk': () => ({ proof: { header: { jwk: undefined } } }),
  'a private key as jwk': (one) => ({
    proof: { header: { jwk: { ...one.proofKey.privateKey.export({ format: 'jwk' }) } } },
  }),
  'no jti': () => ({ proof: { claims: { jti: undefined } } }),
  'no htm': () => ({ proof: { claims: { htm: undefined } } }),
  'no htu': () => ({ proof: { claims: { htu: undefined } } }),
  'no iat': () => ({ proof: { claims: { iat: undefined } } }),
  'no ath': () => ({ proof: { claims: { ath: undefined } } }),
  'another htm': () => ({ proof: { claims: { htm: 'PUT' } } }),
  'another htu': () => ({ proof: { claims: { htu: 'https://www.example.com/other' } } }),
  'another ath': () => ({ proof: { claims: { ath: 'fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo' } } }),
  'an iat of an hour ago': (_one, now) => ({ proof: { claims: { iat: now - 3_600 } } }),
  'an iat in an hour': (_one, now) => ({ proof: { claims: { iat: now + 3_600 } } }),
  'another key': () => ({ proofKey: createProofKey() }),
  'no proof': () => ({ proof: false }),
  'something that is no JWT': () => ({ proof: false, headers: { dpop: 'not.a-jwt' } }),
}

fapi2Modules('RFC 9449 §7.1 – the resource', (module) => {
  module(
    'fapi2-security-profile-final-dpop-negative-tests',
    async ({ suite, one }) => {
      const { access_token: token } = await one.obtainTokens()
      for (const [what, wish] of Object.entries(WRONG)) {
        const { status } = await one.userinfo(token, wish(one, suite.now()))
        assert.ok([400, 401].includes(status), `${what}: ${status}`)
      }
      const asBearer = { authorization: `Bearer ${token}` }
      assert.equal((await one.userinfo(token, { proof: false, headers: asBearer })).status, 401)
      const twice = [0, 1].map(() => one.userinfoProof(token)).join(', ')
      assert.ok([400, 401].includes((await one.userinfo(token, { headers: { dpop: twice } })).status))
      const jti = randomUUID()
      assert.equal((await one.userinfo(token, { proof: { claims: { jti } } })).status, 200)
      assert.equal((await one.userinfo(token, { proof: { claims: { jti } } })).status, 401)
    },
    hasResource,
  )

  module(
    'fapi2-security-profile-final-dpop-negative-tests, what must not be refused',
    async ({ one }) => {
      const { access_token: token } = await one.obtainTokens()
      const url = new URL(one.addressOf('userinfo_endpoint'))
      const spellings = [
        `${url}?with=query#and-fragment`,
        `HTTPS://LOCALHOST:${url.port}${url.pathname}`,
        `${url.origin}${url.pathname}`,
      ]
      for (const htu of spellings)
        assert.equal((await one.userinfo(token, { proof: { claims: { htu } } })).status, 200, htu)
      assert.equal((await one.userinfo(token, { query: 'dummy=1' })).status, 200)
      const more = { header: { extra: 'x' }, claims: { more: { of: 'it' } } }
      assert.equal((await one.userinfo(token, { proof: more })).status, 200)
      const odd = { proof: false as const, headers: { DPOP: one.userinfoProof(token) } }
      assert.equal((await one.userinfo(token, odd)).status, 200)
    },
    hasResource,
  )
})
