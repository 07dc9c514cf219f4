/** OAuth 2.0 Form Post Response Mode §2 – the answer travels in a form, by script or by button. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { browserMissing } from '../../support/browser.ts'
import { authorizationUrl, createCallbackClient, heading, openStage, press, type Stage, signIn } from './stage.ts'

describe('form_post in a browser', { skip: browserMissing() }, () => {
  let stage: Stage
  before(async () => {
    stage = await openStage()
  })
  after(() => stage?.close())

  const reachAnswer = async (page: import('playwright-core').Page, state: string): Promise<void> => {
    const client = await createCallbackClient(stage)
    await page.goto(authorizationUrl(stage, client, { response_mode: 'form_post', state }))
    await signIn(page, await stage.newPerson())
    await press(page, 'Allow')
  }

  const assertArrived = (state: string): void => {
    const arrival = stage.callback.arrivals.at(-1)
    assert.equal(arrival?.method, 'POST')
    assert.equal(arrival.parameters.get('state'), state)
    assert.equal(arrival.parameters.get('iss'), stage.server.issuer)
    assert.match(arrival.parameters.get('code') ?? '', /^\S{22,}$/)
  }

  test('T-XS-02 Form Post Response Mode §2 – the form sends itself, a state full of markup unharmed', async (t) => {
    const { page, context, problems } = await stage.visit()
    t.after(() => context.close())
    const state = '"><script>alert(1)</script>&amp;\''
    await reachAnswer(page, state)
    await page.waitForURL(stage.callback.redirectUri)
    assertArrived(state)
    assert.deepEqual(problems, [])
  })

  test('Form Post Response Mode §2 – without scripts the person sends it by its button', async (t) => {
    const { page, context } = await stage.visit({ javaScriptEnabled: false })
    t.after(() => context.close())
    await reachAnswer(page, 'without-scripts')
    assert.equal(await heading(page), 'Returning to the application')
    await press(page, 'Continue')
    await page.waitForURL(stage.callback.redirectUri)
    assertArrived('without-scripts')
  })
})
