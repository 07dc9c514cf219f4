/** RFC 8705 §2 – "Sign in with a certificate" in a real browser, on the main port and on a port of its own. */
import 'reflect-metadata'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type BrowserUnderTest, browserMissing, launchBrowser } from '../../support/browser.ts'
import {
  ALICE,
  type CertificateServer,
  type PortKind,
  startCertificateServer,
} from '../../support/client_certificates.ts'
import { createPkce, type TestClient } from '../../support/oauth.ts'
import { asClient, issueClient } from '../../support/pki.ts'
import { heading, press } from './stage.ts'

for (const kind of ['main', 'own'] as const satisfies PortKind[])
  describe(`a certificate in a browser, on ${kind === 'main' ? 'the main port' : 'a port of its own'}`, {
    skip: browserMissing(),
  }, () => {
    let stage: CertificateServer
    let browser: BrowserUnderTest
    let client: TestClient
    before(async () => {
      stage = await startCertificateServer(kind)
      browser = await launchBrowser()
      await stage.server.admin.createUser({ username: 'alice', certificate: { san_dns: ALICE } })
      client = await stage.server.admin.createClient({ client_name: 'Photo Printer' })
    })
    after(async () => {
      await browser?.close()
      await stage?.close()
    })

    const visit = ({ cert, key }: { cert: string; key: string }) => {
      const shown = { origin: stage.origin, cert: Buffer.from(cert), key: Buffer.from(key) }
      return browser.visit({ clientCertificates: [shown] })
    }

    const address = (): string => {
      const parameters = stage.server.oauth.authorizationParameters(client, createPkce().challenge)
      return stage.server.url(`/authorize?${new URLSearchParams(parameters)}`)
    }

    test('RFC 8705 §2.1 – one that is refused leads back to the login page, which says so', async (t) => {
      const stranger = await issueClient({ names: [{ type: 'dns', value: ALICE }] })
      const { page, context, problems } = await visit(asClient(stranger))
      t.after(() => context.close())
      await page.goto(address())
      await press(page, 'Sign in with a certificate')
      assert.equal(await page.getByRole('alert').innerText(), 'No acceptable certificate was presented.')
      assert.ok(page.url().startsWith(stage.server.issuer))
      assert.deepEqual(problems, [])
    })

    test('RFC 8705 §2.1 – the right one leads on, without a password', async (t) => {
      const { page, context, problems } = await visit(asClient(await stage.issueAlice()))
      t.after(() => context.close())
      await page.goto(address())
      await press(page, 'Sign in with a certificate')
      assert.match(await heading(page), /Photo Printer/)
      assert.match(await page.locator('main').innerText(), /alice/)
      assert.deepEqual(problems, [])
    })
  })
