/** The pages on which a person chooses a password: for the first administrator, and in the place of one that expired. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { browserMissing } from '../../support/browser.ts'
import { startServerProcess } from '../../support/server.ts'
import { authorizationUrl, createCallbackClient, heading, openStage, press, type Stage, signIn } from './stage.ts'

const PASSPHRASE = 'a passphrase chosen in the browser'

describe('choosing a password in a browser', { skip: browserMissing() }, () => {
  let stage: Stage
  before(async () => {
    stage = await openStage()
  })
  after(() => stage?.close())

  test('an expired password is changed on the way, and the way goes on', async (t) => {
    const { page, context, problems } = await stage.visit()
    t.after(() => context.close())
    const person = await stage.newPerson({ change_password: true })
    await page.goto(authorizationUrl(stage, await createCallbackClient(stage)))
    await signIn(page, person)
    assert.equal(await heading(page), 'Choose a new password')

    const change = async (current: string, next: string, again: string): Promise<void> => {
      await page.getByLabel('Current password').fill(current)
      await page.getByLabel('New password', { exact: true }).fill(next)
      await page.getByLabel('New password, once more').fill(again)
      await press(page, 'Change password')
    }
    await change(person.password, PASSPHRASE, `${PASSPHRASE}!`)
    assert.match(await page.getByRole('alert').innerText(), /not the same/)
    await change('not the password at all', PASSPHRASE, PASSPHRASE)
    assert.match(await page.getByRole('alert').innerText(), /current password/)
    await change(person.password, PASSPHRASE, PASSPHRASE)
    assert.equal(await heading(page), 'Allow Calendar to use your account?')
    assert.deepEqual(problems, [])
  })

  test('T-SE-06 – the setup link creates the first administrator, once', async (t) => {
    const server = await startServerProcess({ env: {} })
    t.after(() => server.close())
    const { page, context, problems } = await stage.visit()
    t.after(() => context.close())
    const link = /https:\/\/\S+\/setup\/[\w-]+/.exec(server.output())?.[0] ?? assert.fail('no link was printed')
    await page.goto(link)
    assert.equal(await heading(page), 'Create the first administrator')

    const create = async (password: string, again: string): Promise<void> => {
      await page.getByLabel('Username').fill('root')
      await page.getByLabel('Password', { exact: true }).fill(password)
      await page.getByLabel('Password, once more').fill(again)
      await press(page, 'Create administrator')
    }
    await create(PASSPHRASE, `${PASSPHRASE}!`)
    assert.match(await page.getByRole('alert').innerText(), /differ/)
    assert.equal(await page.getByLabel('Username').inputValue(), 'root')
    await create(PASSPHRASE, PASSPHRASE)
    assert.equal(await heading(page), 'Administrator created')
    await page.goto(link)
    assert.equal(await page.locator('#error-code').innerText(), 'not_found')
    assert.deepEqual(problems, [])
  })
})
