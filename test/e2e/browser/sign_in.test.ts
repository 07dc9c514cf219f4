/** OpenID Connect Core §3.1 – from "Sign in" to "Sign out" in a real browser, on each kind of store. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Page } from 'playwright-core'
import { skipWithout } from '../../support/backends.ts'
import { browserMissing } from '../../support/browser.ts'
import type { ServerOptions } from '../../support/server.ts'
import { heading, json, openStage, press, type Stage, signIn } from './stage.ts'

const backends: { name: string; options: ServerOptions; skip: string | false }[] = [
  { name: 'SQLite', options: {}, skip: browserMissing() },
  {
    name: 'PostgreSQL with sessions in Redis',
    options: { database: 'postgresql', sessions: 'redis' },
    skip: browserMissing() || skipWithout('postgresql') || skipWithout('redis'),
  },
]

for (const { name, options, skip } of backends)
  describe(`in a browser, on ${name}`, { skip }, () => {
    let stage: Stage
    before(async () => {
      stage = await openStage(options)
    })
    after(() => stage?.close())

    const startSignIn = async (page: Page): Promise<void> => {
      await page.goto(stage.application.origin)
      await press(page, 'Sign in')
    }

    const assertSignedIn = async (page: Page): Promise<void> => {
      await page.waitForURL(`${stage.application.origin}/`)
      assert.equal(await heading(page), 'You are signed in')
    }

    test('OIDC Core §3.1.2.3 – a wrong password is refused, whoever it is for, and the right one is taken after it', async (t) => {
      const { page, context, problems } = await stage.visit()
      t.after(() => context.close())
      const person = await stage.newPerson()
      const messages: string[] = []
      await startSignIn(page)
      for (const username of ['nobody', person.username]) {
        await signIn(page, { username, password: 'not the password at all' })
        messages.push(await page.getByRole('alert').innerText())
        assert.equal(await page.getByLabel('Username').inputValue(), username)
        assert.equal(await page.getByLabel('Password').inputValue(), '')
        assert.equal(await page.evaluate('document.activeElement.id'), 'password')
      }
      assert.equal(new Set(messages).size, 1)
      await signIn(page, person)
      assert.match(await heading(page), /Photo Printer/)
      assert.deepEqual(problems, [])
    })

    test('OIDC Core §3.1.2.6 – what a person denies is told to the application, and nothing is remembered', async (t) => {
      const { page, context, problems } = await stage.visit()
      t.after(() => context.close())
      await startSignIn(page)
      await signIn(page, await stage.newPerson())
      await press(page, 'Deny')
      await page.waitForURL(`${stage.application.origin}/callback?**`)
      assert.match(await page.getByRole('alert').innerText(), /^access_denied: /)
      await startSignIn(page)
      assert.match(await heading(page), /^Allow Photo Printer/)
      assert.deepEqual(problems, [])
    })

    test('OIDC Core §3.1.2 – a person signs in and consents, and the application gets what was asked for', async (t) => {
      const { page, context, problems } = await stage.visit()
      t.after(() => context.close())
      await startSignIn(page)
      assert.equal(await heading(page), 'Sign in')
      assert.match(await page.innerText('main'), /to continue to Photo Printer/)
      await signIn(page, await stage.newPerson())
      assert.equal(await page.locator('#redirect-host').innerText(), new URL(stage.application.origin).host)
      const words = await page.getByRole('listitem').allInnerTexts()
      assert.equal(words.length, 4)
      assert.match(words.join('\n'), /email address/)
      await press(page, 'Allow')
      await assertSignedIn(page)
      const [claims, userInfo] = [await json(page, 'claims'), await json(page, 'userinfo')]
      assert.equal(claims.iss, stage.server.issuer)
      assert.equal(userInfo.sub, claims.sub)
      assert.equal(userInfo.name, 'Alice Adams')
      assert.equal(userInfo.email, 'alice@example.com')

      await press(page, 'Refresh')
      const refreshed = await json(page, 'result')
      assert.equal(refreshed.new_access_token, true)
      assert.equal(refreshed.new_refresh_token, true)
      await press(page, 'Introspect')
      const introspection = await json(page, 'result')
      assert.equal(introspection.active, true)
      assert.equal(introspection.sub, claims.sub)
      assert.deepEqual(problems, [])
    })

    test('OIDC Core §3.1.2.4 – who is signed in and has consented is asked nothing', async (t) => {
      const { page, context } = await stage.visit()
      t.after(() => context.close())
      await startSignIn(page)
      await signIn(page, await stage.newPerson())
      await press(page, 'Allow')
      await assertSignedIn(page)
      await context.clearCookies({ domain: '127.0.0.1' })
      await startSignIn(page)
      await assertSignedIn(page)
    })

    test('RP-Initiated Logout §2 – signing out at the application signs out at the server', async (t) => {
      const { page, context, problems } = await stage.visit()
      t.after(() => context.close())
      await startSignIn(page)
      await signIn(page, await stage.newPerson())
      await press(page, 'Allow')
      await assertSignedIn(page)
      await press(page, 'Sign out')
      await page.waitForURL(`${stage.application.origin}/`)
      assert.equal(await heading(page), 'Demo application')
      const cookies = await context.cookies(stage.server.issuer)
      assert.ok(cookies.every((cookie) => !cookie.name.startsWith('__Host-sso')))
      await startSignIn(page)
      assert.equal(await heading(page), 'Sign in')
      assert.deepEqual(problems, [])
    })

    test('T-SE-02 – the next person in the same browser gets an account of their own, even after cookies were lost', async (t) => {
      const { page, context } = await stage.visit()
      t.after(() => context.close())
      const subjects: unknown[] = []
      for (const [index, person] of [await stage.newPerson(), await stage.newPerson()].entries()) {
        if (index > 0) {
          await context.clearCookies({ domain: 'localhost' })
          await press(page, 'Sign out')
        }
        await startSignIn(page)
        await signIn(page, person)
        await press(page, 'Allow')
        await assertSignedIn(page)
        const { sub, preferred_username } = await json(page, 'userinfo')
        assert.equal(preferred_username, person.username)
        subjects.push(sub)
      }
      assert.equal(new Set(subjects).size, 2)
    })

    test('WCAG 2.1.1 – the whole way is open to a keyboard alone', async (t) => {
      const { page, context } = await stage.visit()
      t.after(() => context.close())
      const { username, password } = await stage.newPerson()
      const type = (text: string) => page.keyboard.type(text)
      const tab = () => page.keyboard.press('Tab')
      const enter = () => Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')])
      await page.goto(stage.application.origin)
      await tab()
      await enter()
      // The cursor is in the first field already.
      await type(username)
      await tab()
      await type(password)
      await enter()
      await tab()
      await tab()
      await enter()
      await assertSignedIn(page)
    })
  })
