/** OpenID Connect Core §3.1.2.4 and security matrix 2.12 – the decision, by keyboard, twice, and by names that deceive. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { browserMissing } from '../../support/browser.ts'
import { authorizationUrl, createCallbackClient, heading, openStage, press, type Stage, signIn } from './stage.ts'

describe('the consent page in a browser', { skip: browserMissing() }, () => {
  let stage: Stage
  before(async () => {
    stage = await openStage()
  })
  after(() => stage?.close())

  test('T-CS-10 – a name made of markup is shown as the text that it is', async (t) => {
    const { page, context, problems } = await stage.visit()
    t.after(() => context.close())
    const client_name = '"><img src=x onerror=alert(1)><b>Bank</b> &lt;'
    const client = await createCallbackClient(stage, { client_name })
    await page.goto(authorizationUrl(stage, client))
    await signIn(page, await stage.newPerson())
    assert.equal(await page.locator('#client-name').innerText(), client_name)
    assert.equal(await page.locator('main img, main b').count(), 0)
    assert.deepEqual(problems, [])
  })

  test('T-CS-06 – a decision cannot be made a second time by going back', async (t) => {
    const { page, context } = await stage.visit()
    t.after(() => context.close())
    const client = await createCallbackClient(stage)
    await page.goto(authorizationUrl(stage, client))
    await signIn(page, await stage.newPerson())
    const consent = page.url()
    const before = stage.callback.arrivals.length
    await press(page, 'Allow')
    await page.waitForURL(`${stage.callback.redirectUri}?**`)
    await page.goto(consent)
    assert.equal(await page.locator('#error-code').innerText(), 'conflict')
    assert.equal(stage.callback.arrivals.length, before + 1)
  })

  test('OIDC Core §3.1.2.4 – a client that was allowed is asked about again when it wants more', async (t) => {
    const { page, context } = await stage.visit()
    t.after(() => context.close())
    const client = await createCallbackClient(stage)
    await page.goto(authorizationUrl(stage, client, { scope: 'openid' }))
    await signIn(page, await stage.newPerson())
    await press(page, 'Allow')
    await page.waitForURL(`${stage.callback.redirectUri}?**`)
    await page.goto(authorizationUrl(stage, client, { scope: 'openid' }))
    assert.ok(page.url().startsWith(stage.callback.redirectUri))
    await page.goto(authorizationUrl(stage, client, { scope: 'openid email' }))
    assert.equal(await heading(page), 'Allow Calendar to use your account?')
  })

  test('WCAG 2.1.1, 2.4.7 – both decisions are reached by Tab, marked as focused, and taken by Enter', async (t) => {
    const { page, context } = await stage.visit()
    t.after(() => context.close())
    const client = await createCallbackClient(stage)
    await page.goto(authorizationUrl(stage, client))
    await signIn(page, await stage.newPerson())
    const reached: string[] = []
    for (const _ of ['deny', 'allow']) {
      await page.keyboard.press('Tab')
      assert.equal(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'solid')
      reached.push((await page.locator(':focus').getAttribute('id')) ?? '')
    }
    assert.deepEqual(reached, ['consent-deny', 'consent-allow'])
    await page.keyboard.press('Enter')
    await page.waitForURL(`${stage.callback.redirectUri}?**`)
    assert.ok(stage.callback.arrivals.at(-1)?.parameters.has('code'))
  })
})
