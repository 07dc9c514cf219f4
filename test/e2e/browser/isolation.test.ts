/** Security matrix 2.11 to 2.13 – what another browser, another site or a foreign script can do to a person's pages: nothing. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { browserMissing } from '../../support/browser.ts'
import { authorizationUrl, createCallbackClient, heading, openStage, press, type Stage, signIn } from './stage.ts'

describe('the pages against others', { skip: browserMissing() }, () => {
  let stage: Stage
  before(async () => {
    stage = await openStage()
  })
  after(() => stage?.close())

  test('T-AC-04 T-SE-01 – the address of a sign-in page opens in no other browser', async (t) => {
    const [victim, attacker] = [await stage.visit(), await stage.visit()]
    t.after(() => Promise.all([victim.context.close(), attacker.context.close()]))
    const client = await createCallbackClient(stage)
    await attacker.page.goto(authorizationUrl(stage, client))
    await victim.page.goto(attacker.page.url())
    assert.equal(await victim.page.locator('#error-code').innerText(), 'invalid_request')
    assert.match(await victim.page.locator('#request-id').innerText(), /\S/)
    assert.equal(await heading(attacker.page), 'Sign in')
  })

  test('T-CS-01 – a form on another site signs nobody in, not even with a token that it got itself', async (t) => {
    const { page, context } = await stage.visit()
    t.after(() => context.close())
    const client = await createCallbackClient(stage)
    await page.goto(authorizationUrl(stage, client))
    const action = (await page.locator('form').getAttribute('action')) ?? ''
    const csrf = await page.locator('input[name=csrf]').inputValue()
    const { username, password } = await stage.newPerson()
    const fields = { csrf, username, password }
    const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`)
    stage.callback.setPage(
      `<form method="post" action="${action}">${inputs.join('')}<button>Win a prize</button></form>`,
    )
    await page.goto(`${stage.callback.origin}/page`)
    await page.getByRole('button').click()
    await page.waitForURL(`${stage.server.issuer}/**`)
    assert.equal(await page.locator('#error-code').innerText(), 'forbidden')
    const cookies = await context.cookies(stage.server.issuer)
    assert.ok(cookies.every((cookie) => !cookie.name.startsWith('__Host-sso')))
  })

  test('T-CS-05 – no page can be framed', async (t) => {
    const { page, context } = await stage.visit()
    t.after(() => context.close())
    const client = await createCallbackClient(stage)
    for (const address of [authorizationUrl(stage, client), stage.server.url('/authorize'), stage.server.url('/')]) {
      stage.callback.setPage(`<iframe src="${address.replaceAll('&', '&amp;')}"></iframe>`)
      const refused = page.waitForEvent('console', (message) => message.text().includes('frame-ancestors'))
      await Promise.all([refused, page.goto(`${stage.callback.origin}/page`)])
      assert.equal(await page.frameLocator('iframe').locator('main').count(), 0)
    }
  })

  test('T-XS-01 – a script that got into a page would not run', async (t) => {
    const { page, context, problems } = await stage.visit()
    t.after(() => context.close())
    await page.goto(stage.server.url('/authorize?client_id=<script>alert(1)</script>'))
    assert.deepEqual(problems, [])
    const refused = page.waitForEvent('console', (message) => message.text().includes('Content Security Policy'))
    const ran = await page.evaluate(`
      const script = document.createElement('script')
      script.textContent = 'window.ran = true'
      document.body.append(script)
      'ran' in window
    `)
    assert.equal(ran, false)
    await refused
  })

  test('OWASP ASVS 7.2.4 – signing in changes the session of the browser', async (t) => {
    const { page, context } = await stage.visit()
    t.after(() => context.close())
    const [client, person] = [await createCallbackClient(stage), await stage.newPerson()]
    const sessionCookie = async (): Promise<string | undefined> =>
      (await context.cookies(stage.server.issuer)).find((cookie) => cookie.name.startsWith('__Host-sso'))?.value
    await page.goto(authorizationUrl(stage, client))
    await signIn(page, person)
    const first = await sessionCookie()
    await press(page, 'Allow')
    await page.waitForURL(`${stage.callback.redirectUri}?**`)
    await page.goto(authorizationUrl(stage, client, { prompt: 'login' }))
    await signIn(page, person)
    await page.waitForURL(`${stage.callback.redirectUri}?**`)
    assert.ok(first)
    assert.notEqual(await sessionCookie(), first)
  })

  test('the cookies of the pages are out of reach of scripts and of plain HTTP', async (t) => {
    const { page, context } = await stage.visit()
    t.after(() => context.close())
    const client = await createCallbackClient(stage)
    await page.goto(authorizationUrl(stage, client))
    await signIn(page, await stage.newPerson())
    const cookies = await context.cookies(stage.server.issuer)
    assert.deepEqual(cookies.map(({ name }) => name.replace(/[.].*/, '')).sort(), [
      '__Host-device',
      '__Host-interaction',
      '__Host-sso',
    ])
    for (const cookie of cookies) {
      assert.match(cookie.name, /^__Host-/)
      assert.deepEqual([cookie.httpOnly, cookie.secure, cookie.sameSite, cookie.path], [true, true, 'Lax', '/'])
    }
    assert.equal(await page.evaluate('document.cookie'), '')
  })
})
