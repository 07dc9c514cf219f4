/** OpenID Connect Core §3.1.2.4 and security matrix 2.12 – the decision, by keyboard, twice, and by names that deceive. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { browserMissing } from '../../support/browser.ts'
import { ACCOUNTS, PAYMENT, TYPE_NAMES, TYPES } from '../../support/rich_authorization.ts'
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

  test('T-CS-10 RFC 9396 §3 – details are read in words, as the text that they are, and allowed', async (t) => {
    const { page, context, problems } = await stage.visit({ colorScheme: 'dark' })
    t.after(() => context.close())
    await stage.server.admin.updateRealm('main', { authorization_details_types: TYPES })
    const client = await createCallbackClient(stage, { authorization_details_types: TYPE_NAMES })
    const creditor_name = '</dd><img src=x onerror=alert(1)> &lt;Shop'
    const authorization_details = JSON.stringify([{ ...PAYMENT, creditor_name }, ACCOUNTS])
    await page.goto(authorizationUrl(stage, client, { authorization_details }))
    await signIn(page, await stage.newPerson())
    assert.deepEqual(await page.locator('ul.details h3').allInnerTexts(), ['Make a payment', 'See your accounts'])
    const values = await page.locator('ul.details dd').allInnerTexts()
    assert.deepEqual(values, ['123.50', 'Euro', creditor_name, 'The list of them', 'What is on them'])
    assert.equal(await page.locator('main img').count(), 0)
    await press(page, 'Allow')
    await page.waitForURL(`${stage.callback.redirectUri}?**`)
    assert.ok(stage.callback.arrivals.at(-1)?.parameters.has('code'))
    assert.deepEqual(problems, [])
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
