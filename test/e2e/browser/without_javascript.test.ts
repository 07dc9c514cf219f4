/** Every page is a plain form: nothing on the way needs a script. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { browserMissing } from '../../support/browser.ts'
import { heading, json, openStage, press, type Stage, signIn } from './stage.ts'

describe('in a browser without JavaScript', { skip: browserMissing() }, () => {
  let stage: Stage
  before(async () => {
    stage = await openStage()
  })
  after(() => stage?.close())

  test('OIDC Core §3.1.2 – a person signs in, consents, uses the application and signs out', async (t) => {
    const { page, context } = await stage.visit({ javaScriptEnabled: false })
    t.after(() => context.close())
    await page.goto(stage.application.origin)
    await press(page, 'Sign in')
    const person = await stage.newPerson()
    await signIn(page, { ...person, password: 'not the password at all' })
    await page.getByRole('alert').waitFor()
    await signIn(page, person)
    await press(page, 'Allow')
    assert.equal(await heading(page), 'You are signed in')
    assert.equal((await json(page, 'userinfo')).name, 'Alice Adams')
    await press(page, 'Sign out')
    assert.equal(await heading(page), 'Demo application')
  })

  test('RP-Initiated Logout §2 – who comes without a hint is asked, and signs out by the button', async (t) => {
    const { page, context } = await stage.visit({ javaScriptEnabled: false })
    t.after(() => context.close())
    await page.goto(stage.application.origin)
    await press(page, 'Sign in')
    await signIn(page, await stage.newPerson())
    await press(page, 'Allow')
    await page.goto(stage.server.url('/logout'))
    assert.equal(await heading(page), 'Sign out?')
    await press(page, 'Sign out')
    assert.equal(await heading(page), 'You are signed out')
    await page.goto(stage.server.url('/logout'))
    assert.equal(await heading(page), 'You are signed out')
  })
})
