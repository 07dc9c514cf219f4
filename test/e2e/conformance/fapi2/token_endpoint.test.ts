/** FAPI 2.0 Security Profile Final – the modules about codes, PKCE and refresh tokens. */
import assert from 'node:assert/strict'
import { isAssertion, isDpop, isOpenid } from '../../../support/conformance/combinations.ts'
import { fapi2Modules, isRefused } from '../../../support/conformance/fapi2_modules.ts'
import { jsonPart } from '../../../support/tokens.ts'

fapi2Modules('FAPI 2.0 §5.3.2.1 – a code is refused', (module) => {
  module('fapi2-security-profile-final-ensure-client-id-in-token-endpoint', async ({ one, two }) => {
    const answer = await one.redeem(await one.obtainCode(), { form: { client_id: two.clientId } })
    isRefused(answer, [400, 401], ['invalid_client', 'invalid_grant'])
  })

  module('fapi2-security-profile-final-ensure-authorization-code-is-bound-to-client', async ({ one, two }) => {
    const code = await one.obtainCode()
    isRefused(await two.redeem(code), 400, 'invalid_grant')
    // Nobody else uses it up.
    assert.equal((await one.redeem(code)).status, 200)
  })

  module('fapi2-security-profile-final-attempt-reuse-authorization-code-after-one-second', async ({ suite, one }) => {
    const code = await one.obtainCode()
    const { access_token: token } = (await one.redeem(code)).json<{ access_token: string }>()
    assert.ok(await one.isServed(token))
    suite.wait(1)
    isRefused(await one.redeem(code), 400, 'invalid_grant')
    assert.equal(await one.isServed(token), false)
  })

  module('fapi2-security-profile-final-ensure-token-endpoint-fails-with-expired-auth-code', async ({ suite, one }) => {
    const code = await one.obtainCode()
    suite.wait(62)
    isRefused(await one.redeem(code), 400, 'invalid_grant')
  })

  module('fapi2-security-profile-final-ensure-pkce-code-verifier-required', async ({ one }) => {
    const answer = await one.redeem(await one.obtainCode(), { form: { code_verifier: undefined } })
    isRefused(answer, 400, 'invalid_grant')
  })

  module('fapi2-security-profile-final-incorrect-pkce-code-verifier-rejected', async ({ one }) => {
    const answer = await one.redeem(await one.obtainCode(), { form: { code_verifier: 'wrong'.repeat(10) } })
    isRefused(answer, 400, 'invalid_grant')
  })
})

fapi2Modules('FAPI 2.0 §5.3.2.1 – refresh tokens', (module) => {
  module('fapi2-security-profile-final-refresh-token', async ({ suite, combination, one, two }) => {
    const first = await one.obtainTokens(isOpenid(combination) ? { prompt: 'consent' } : {})
    const second = await two.obtainTokens()
    assert.ok(first.refresh_token && second.refresh_token)
    isRefused(await one.refresh(second.refresh_token), 400, 'invalid_grant')

    suite.wait(2)
    // A client that authenticates may have changed its key.
    if (isDpop(combination)) one.changeProofKey()
    const nonce = first.id_token === undefined ? undefined : (jsonPart(first.id_token, 1).nonce as string)
    const renewed = await one.readAnswer(
      await one.refresh(first.refresh_token, { form: { scope: first.scope } }),
      nonce,
    )
    await two.readAnswer(
      await two.refresh(second.refresh_token),
      second.id_token === undefined ? undefined : (jsonPart(second.id_token, 1).nonce as string),
    )
    assert.notEqual(renewed.access_token, first.access_token)
    assert.ok(await one.isServed(renewed.access_token))
    if (first.id_token !== undefined) {
      const [before, now] = [jsonPart(first.id_token, 1), jsonPart(renewed.id_token, 1)]
      for (const name of ['iss', 'sub', 'aud', 'auth_time', 'azp']) assert.deepEqual(now[name], before[name], name)
      assert.ok(Number(now.iat) > Number(before.iat))
    }

    // Whether or not it was replaced, the one before is good for half a minute more.
    suite.wait(30)
    assert.equal((await one.refresh(first.refresh_token)).status, 200)

    if (isAssertion(combination))
      isRefused(
        await one.refresh(renewed.refresh_token, { assertion: false }),
        [400, 401],
        ['invalid_client', 'invalid_grant', 'invalid_request'],
      )
    if (isDpop(combination))
      isRefused(await one.refresh(renewed.refresh_token, { proof: false }), 400, [
        'invalid_request',
        'invalid_grant',
        'invalid_dpop_proof',
      ])
    else
      isRefused(
        await one.refresh(renewed.refresh_token, { certificate: false }),
        [400, 401],
        ['invalid_client', 'invalid_grant', 'invalid_request'],
      )
  })
})
