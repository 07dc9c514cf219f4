/** RFC 8705 §2 – signing in with a certificate on the pages, on whichever port asks for it. */
import 'reflect-metadata'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Answer, type Browser, readForm } from '../../support/client.ts'
import {
  ALICE,
  type CertificateServer,
  type PortKind,
  startCertificateServer,
} from '../../support/client_certificates.ts'
import { createPkce, type TestClient } from '../../support/oauth.ts'
import { asClient, issueClient } from '../../support/pki.ts'

type Form = { action: string; fields: Record<string, string> }

/** The form of the button; undefined when the page has none. */
const certificateForm = (page: string): Form | undefined => {
  const form = (page.match(/<form\b[\s\S]*?<\/form>/g) ?? []).find((text) => text.includes('id="certificate"'))
  return form === undefined ? undefined : readForm(form)
}

for (const kind of ['main', 'own'] as const satisfies PortKind[])
  describe(`the button for a certificate, which is asked for on ${kind === 'main' ? 'the main port' : 'a port of its own'}`, () => {
    let stage: CertificateServer
    let client: TestClient
    let alice: { cert: string; key: string }
    before(async () => {
      stage = await startCertificateServer(kind)
      await stage.server.admin.createUser({ username: 'alice', certificate: { san_dns: ALICE } })
      client = await stage.server.admin.createClient({ consent: 'skip' })
      alice = asClient(await stage.issueAlice())
    })
    after(() => stage.close())

    /** As a browser sends a form of a page without referrer: to another port of the host it is of the same site. */
    const sent = { origin: 'null', 'sec-fetch-site': kind === 'main' ? 'same-origin' : 'same-site' }

    const open = async (
      extra: Record<string, string> = {},
    ): Promise<{ browser: Browser; page: Answer; form: Form }> => {
      const browser = stage.server.browser()
      const parameters = stage.server.oauth.authorizationParameters(client, createPkce().challenge, extra)
      const first = await browser.request('GET', `/authorize?${new URLSearchParams(parameters)}`)
      const page = await browser.request('GET', first.headers.location ?? '')
      const form = certificateForm(page.body)
      assert.ok(form, page.body)
      return { browser, page, form }
    }

    const press = (browser: Browser, { action, fields }: Form, certificate: typeof alice | undefined, headers = sent) =>
      browser.request('POST', action, { form: fields, headers, ...(certificate ? { certificate } : {}) })

    const signedIn = async (browser: Browser) =>
      await stage.server.deps.sessions.resume('main', 'sso', browser.jar.get('__Host-sso.main'))

    test('leads to that port, which the page is allowed to send to', async () => {
      const { page, form } = await open()
      assert.ok(form.action.startsWith(`${stage.origin}/interaction/`), form.action)
      assert.match(String(page.headers['content-security-policy']), /form-action 'self' https:;?/)
    })

    test('T-CS-02 – a form without its token, or of another browser, signs nobody in', async () => {
      const { browser, form } = await open()
      const other = await open()
      for (const csrf of ['', 'x', other.form.fields.csrf ?? '']) {
        const answer = await press(browser, { ...form, fields: { csrf } }, alice)
        assert.equal(answer.status, 403)
      }
      const stranger = stage.server.browser()
      assert.equal((await press(stranger, form, alice)).status, 400)
      assert.equal(await signedIn(browser), undefined)
    })

    test('T-CS-01 Fetch §3.2 – the form of another site signs nobody in', async () => {
      const { browser, form } = await open()
      for (const headers of [
        { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
        { origin: 'null', 'sec-fetch-site': 'cross-site' },
        { origin: `https://evil.localhost:${stage.port}`, 'sec-fetch-site': 'same-site' },
      ])
        assert.equal((await press(browser, form, alice, headers)).status, 403)
      assert.equal(await signedIn(browser), undefined)
    })

    test('Fetch §3.2 – no other form is taken from another port', async () => {
      const { browser, page } = await open()
      const form = readForm(page.body)
      assert.ok(form)
      const headers = { origin: 'null', 'sec-fetch-site': 'same-site' }
      const fields = { ...form.fields, username: 'alice', password: 'a passphrase of the tests 7' }
      assert.equal((await browser.request('POST', form.action, { form: fields, headers })).status, 403)
    })

    test('RFC 8705 §2.1 – without a certificate, or with one that is refused, the login page says so', async () => {
      const wrong = asClient(await issueClient({ names: [{ type: 'dns', value: ALICE }] }))
      for (const certificate of [undefined, wrong]) {
        const { browser, form } = await open()
        const answer = await press(browser, form, certificate)
        assert.equal(answer.status, 303)
        assert.ok(answer.headers.location?.startsWith(`${stage.server.issuer}/interaction/`), 'back to the main port')
        const page = await browser.request('GET', answer.headers.location ?? '')
        assert.match(page.body, /No acceptable certificate was presented\./)
        assert.ok(certificateForm(page.body), 'it can be tried again')
        assert.equal(await signedIn(browser), undefined)
      }
    })

    test('RFC 8705 §2.1 – with the certificate the person is signed in, and the code says how', async () => {
      const { browser, form } = await open()
      const answer = await press(browser, form, alice)
      assert.equal(answer.status, 303)
      const session = await signedIn(browser)
      assert.equal(session?.username, 'alice')
      assert.equal(session?.authScheme, 'cc')
      assert.deepEqual(session?.amr, ['swk'])
      const end = await browser.request('GET', answer.headers.location ?? '')
      assert.match(end.headers.location ?? '', /^https:\/\/client\.example\/callback\?code=/)
    })

    test('is not there in a realm that takes no certificates', async () => {
      const id = `off-${kind}`
      await stage.server.admin.createRealm({ id, auth_params: { username_password_params: {} } })
      const other = await stage.server.admin.createClient({}, id)
      const parameters = stage.server.oauth.authorizationParameters(other, createPkce().challenge)
      const browser = stage.server.browser()
      const first = await browser.request('GET', `/realms/${id}/authorize?${new URLSearchParams(parameters)}`)
      const page = await browser.request('GET', first.headers.location ?? '')
      assert.equal(page.status, 200)
      assert.equal(certificateForm(page.body), undefined)
    })

    test('T-SE-05 – who has an authenticator app is asked for its code, on the main port', async () => {
      const user = await stage.server.store.realm('main').users.findByUsername('alice')
      const realm = await stage.server.deps.realms.open('main')
      assert.ok(user && realm)
      const facts = { ip: '127.0.0.1', requestId: 'test' }
      const { secretBase32 } = stage.server.deps.totp.generate(realm, user)
      const { TOTP } = await import('otpauth')
      const totp = new TOTP({ secret: secretBase32, algorithm: 'SHA1', digits: 6, period: 30 })
      const earlier = totp.generate({ timestamp: Date.now() - 30_000 })
      assert.ok(await stage.server.deps.totp.enable(realm, user, { secret: secretBase32, token: earlier }, facts))

      const { browser, form } = await open()
      const answer = await press(browser, form, alice)
      assert.equal(answer.status, 303)
      assert.equal(await signedIn(browser), undefined)
      const page = await browser.request('GET', answer.headers.location ?? '')
      const codeForm = readForm(page.body)
      assert.ok(codeForm, page.body)
      assert.ok(codeForm.action.startsWith(stage.server.issuer))
      const fields = { ...codeForm.fields, totp_code: totp.generate() }
      await browser.request('POST', codeForm.action, { form: fields })
      const session = await signedIn(browser)
      assert.equal(session?.authScheme, 'cc+totp')
      assert.deepEqual(session?.amr, ['swk', 'otp', 'mfa'])
      await stage.server.deps.totp.disable(realm, user, facts)
    })

    test('T-SE-05 – the page for the code is not there for who has not shown a certificate', async () => {
      const { browser, form } = await open()
      const answer = await browser.request(
        'GET',
        form.action.replace(stage.origin, stage.server.issuer).replace(/certificate$/, 'totp'),
      )
      assert.equal(answer.status, 303)
      assert.match((await browser.request('GET', answer.headers.location ?? '')).body, /id="login"/)
    })
  })
