/** Signing in at an identity provider with a real browser: what the page's own policy lets through. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { browserMissing } from '../../support/browser.ts'
import { type IdentityProvider, startIdentityProvider } from '../../support/identity_provider.ts'
import { authorizationUrl, createCallbackClient, heading, openStage, press, type Stage } from './stage.ts'

describe('sign-in at an identity provider in a browser', { skip: browserMissing() }, () => {
  let stage: Stage
  let idp: IdentityProvider

  before(async () => {
    idp = await startIdentityProvider()
    stage = await openStage()
    const idp_params = [{ ...idp.upstream, name: 'Example' }]
    const auth_params = { username_password_params: {}, jwt_params: { idp_params } }
    await stage.server.admin.updateRealm('main', { auth_params })
    await stage.server.admin.createUser({ username: 'alice' })
  })
  after(async () => {
    await stage?.close()
    await idp?.close()
  })

  for (const javaScriptEnabled of [true, false])
    test(`CSP §6.4.1 – the button leads there and back to the client, ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, async () => {
      const client = await createCallbackClient(stage, { consent: 'skip' })
      const { page, context, problems } = await stage.visit({ javaScriptEnabled })
      await page.goto(authorizationUrl(stage, client))
      const arrived = stage.callback.arrivals.length
      await press(page, 'Continue with Example')
      assert.deepEqual(problems, [])
      assert.equal(stage.callback.arrivals.length, arrived + 1)
      assert.ok(stage.callback.arrivals.at(-1)?.parameters.get('code'))
      await context.close()
    })

  test('who has no account comes back to the page, hears so, and can try again', async () => {
    const client = await createCallbackClient(stage, { consent: 'skip' })
    const { page, context, problems } = await stage.visit()
    idp.be('mallory')
    await page.goto(authorizationUrl(stage, client))
    await press(page, 'Continue with Example')
    assert.equal(await heading(page), 'Sign in')
    assert.match(await page.getByRole('alert').innerText(), /You signed in at Example, but there is no account/)
    idp.be('alice')
    const arrived = stage.callback.arrivals.length
    await press(page, 'Continue with Example')
    assert.equal(stage.callback.arrivals.length, arrived + 1)
    assert.deepEqual(problems, [])
    await context.close()
  })
})
