/** Setting up an authenticator app, signing in with it and switching it off, in a real browser. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { browserMissing } from '../../support/browser.ts'
import type { Person } from '../../support/oauth.ts'
import { createApp } from '../../support/totp.ts'
import { authorizationUrl, createCallbackClient, heading, openStage, press, type Stage, signIn } from './stage.ts'

describe('one-time codes in a browser', { skip: browserMissing() }, () => {
  let stage: Stage
  let now = Date.now()

  before(async () => {
    stage = await openStage({ clock: { now: () => now } })
    const auth_params = { username_password_params: {}, totp_params: { algorithm: 'SHA1', step: 30 } }
    await stage.server.admin.updateRealm('main', { auth_params })
  })
  after(() => stage?.close())

  const begin = async (page: Page, person: Person): Promise<void> => {
    const client = await createCallbackClient(stage, { consent: 'skip' })
    await page.goto(authorizationUrl(stage, client, { prompt: 'login' }))
    await signIn(page, person)
  }

  const setUp = async (page: Page) => {
    await page.goto(stage.server.url('/account/totp'))
    const secret = (await page.locator('#secret').innerText()).replaceAll(' ', '')
    const app = createApp(secret)
    await page.getByLabel('One-time code').fill(app.code(now))
    await press(page, 'Switch on')
    now += 30_000
    return { app, codes: await page.locator('#recovery-codes li').allInnerTexts() }
  }

  for (const javaScriptEnabled of [true, false])
    test(`are set up, asked for, replaced and switched off, ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, async () => {
      const person = await stage.newPerson()
      const { page, context, problems } = await stage.visit({ javaScriptEnabled })
      await begin(page, person)
      assert.equal(await page.innerText('body'), 'arrived')

      const { app, codes } = await setUp(page)
      assert.equal(await heading(page), 'Keep your recovery codes')
      assert.equal(codes.length, 10)

      await begin(page, person)
      assert.equal(await heading(page), 'Enter your code')
      await page.locator('#totp_code').fill('000000')
      await press(page, 'Verify')
      assert.match(await page.getByRole('alert').innerText(), /not right/)
      await page.locator('#totp_code').fill(app.code(now))
      await press(page, 'Verify')
      assert.equal(await page.innerText('body'), 'arrived')

      await context.clearCookies()
      await begin(page, person)
      await page.getByText('Use a recovery code').click()
      await page.getByLabel('Recovery code').fill(codes[0] ?? '')
      await press(page, 'Use recovery code')
      assert.equal(await page.innerText('body'), 'arrived')

      await page.goto(stage.server.url('/account/totp'))
      assert.equal(await heading(page), 'One-time codes are on')
      now += 30_000
      await page.getByLabel('One-time code').fill(app.code(now))
      await press(page, 'Switch off')
      assert.equal(await heading(page), 'One-time codes are off')
      await begin(page, person)
      assert.equal(await page.innerText('body'), 'arrived')
      assert.deepEqual(problems, [])
      await context.close()
    })
})
