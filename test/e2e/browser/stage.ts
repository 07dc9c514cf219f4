/** All that a person's way through the pages needs: a server, an application that uses it, and a browser. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { clientMetadata, startRelyingParty } from '../../../demo/relying_party.ts'
import { launchBrowser } from '../../support/browser.ts'
import type { Person, TestClient } from '../../support/oauth.ts'
import { fetchFrom } from '../../support/openid_client.ts'
import { freePort } from '../../support/ports.ts'
import { type ServerOptions, startServer } from '../../support/server.ts'

/** The client's side of a redirect or a form, for what the application does not do. */
const startCallback = async () => {
  const arrivals: { method: string; parameters: URLSearchParams }[] = []
  let page = 'arrived'
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = new URLSearchParams(Buffer.concat(chunks).toString())
      const parameters = request.method === 'POST' ? body : searchParams
      if (pathname === '/callback') arrivals.push({ method: request.method ?? '', parameters })
      response.setHeader('content-type', 'text/html').end(pathname === '/page' ? page : 'arrived')
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    redirectUri: `${origin}/callback`,
    arrivals,
    /** What `/page` of this other site holds. */
    setPage: (html: string): void => {
      page = html
    },
    async close(): Promise<void> {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export const openStage = async (options: ServerOptions = {}) => {
  const closing: (() => Promise<unknown>)[] = []
  const close = async (): Promise<void> => {
    for (const end of closing.splice(0).reverse()) await end()
  }
  try {
    const server = await startServer(options)
    closing.push(server.close)
    const port = await freePort()
    const metadata = clientMetadata(`http://127.0.0.1:${port}`)
    const registered = await server.admin.createClient({ ...metadata, client_name: 'Photo Printer' })
    const application = await startRelyingParty({
      issuer: server.issuer,
      clientId: registered.client_id,
      clientSecret: registered.client_secret ?? '',
      port,
      fetch: fetchFrom(server),
    })
    closing.push(application.close)
    const callback = await startCallback()
    closing.push(callback.close)
    const browser = await launchBrowser()
    closing.push(browser.close)
    let people = 0
    /** Somebody who has not been here before, so that no test depends on what another one consented to. */
    const newPerson = (user: Record<string, unknown> = {}): Promise<Person> =>
      server.admin.createUser({
        username: `person-${++people}`,
        claims: { name: 'Alice Adams', email: 'alice@example.com' },
        ...user,
      })
    return { server, newPerson, application, callback, visit: browser.visit, close }
  } catch (error) {
    await close()
    throw error
  }
}

export type Stage = Awaited<ReturnType<typeof openStage>>

/** A client whose answers arrive at the stage's callback. */
export const createCallbackClient = (
  { server, callback }: Stage,
  metadata: Record<string, unknown> = {},
): Promise<TestClient> =>
  server.admin.createClient({
    client_name: 'Calendar',
    application_type: 'native',
    redirect_uris: [callback.redirectUri],
    ...metadata,
  })

/** RFC 7636 Appendix B: these tests never redeem the code. */
const CODE_CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

export const authorizationUrl = ({ server }: Stage, client: TestClient, extra: Record<string, string> = {}): string =>
  server.url(`/authorize?${new URLSearchParams(server.oauth.authorizationParameters(client, CODE_CHALLENGE, extra))}`)

/** A button, by what a screen reader calls it; returns when the page that it leads to is there. */
export const press = async (page: Page, name: string): Promise<void> => {
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name, exact: true }).click()])
}

export const signIn = async (page: Page, { username, password }: Person): Promise<void> => {
  await page.getByLabel('Username').fill(username)
  await page.getByLabel('Password').fill(password)
  await press(page, 'Sign in')
}

export const heading = (page: Page): Promise<string> => page.getByRole('heading', { level: 1 }).innerText()

export const json = async (page: Page, id: string): Promise<Record<string, unknown>> =>
  JSON.parse(await page.locator(`#${id}`).innerText())
