/** A server with Alice and clients of every kind, and a browser without scripts that goes through its pages step by step. */
import { randomBytes } from 'node:crypto'
import type { Client, ClientMetadata } from '../../src/oauth/client_metadata.ts'
import { sha256 } from '../../src/system/hashing.ts'
import { CODE_CHALLENGE, metadataWith, REDIRECT_URI } from './authorization.ts'
import { type Answer, type Browser, errorCodeOf, type HtmlForm, type RequestOptions, readForm } from './client.ts'
import type { Person, TestClient } from './oauth.ts'
import { type ServerOptions, startServer } from './server.ts'

const REALM = 'main'
const PASSWORD = 'a passphrase of the tests 7'

/** A page, and where it stands. */
export type Shown = { url: string; answer: Answer; form: HtmlForm }

export const openAuthorizationStage = async (options: ServerOptions = {}) => {
  const server = await startServer(options)
  const { clock, passwordHashing, random, realms, store } = server.deps
  const realm = store.realm(REALM)
  const origin = new URL(server.issuer).origin

  const addUser = async (username: string): Promise<Person & { id: string }> => {
    const now = clock.now()
    const id = random.id()
    await realm.users.insert({
      realmId: REALM,
      id,
      username,
      passwordHash: await passwordHashing.hash(PASSWORD),
      passwordChangedAt: now,
      changePassword: false,
      enabled: true,
      roles: [],
      groups: [],
      claims: {},
      identities: [],
      certificate: undefined,
      createdAt: now,
      updatedAt: now,
    })
    return { id, username, password: PASSWORD }
  }

  /** Straight into the store, so that a test may have what registration refuses. */
  const addClient = async (
    metadata: Partial<ClientMetadata> = {},
    client: Partial<Client> = {},
  ): Promise<TestClient> => {
    const secret = randomBytes(32).toString('base64url')
    const complete = metadataWith({ client_name: 'Photo Printer', ...metadata })
    const clientId = client.clientId ?? `client-${randomBytes(6).toString('hex')}`
    const isPublic = complete.token_endpoint_auth_method === 'none'
    const now = clock.now()
    await realm.clients.insert({
      realmId: REALM,
      clientId,
      secretHash: isPublic ? undefined : sha256(secret),
      enabled: true,
      metadata: complete,
      createdAt: now,
      updatedAt: now,
      ...client,
    })
    return {
      client_id: clientId,
      ...(isPublic ? {} : { client_secret: secret }),
      redirect_uris: complete.redirect_uris,
      token_endpoint_auth_method: complete.token_endpoint_auth_method,
    }
  }

  const changeClient = async (
    { client_id: clientId }: TestClient,
    change: (client: Client) => Client,
  ): Promise<void> => {
    const client = await realm.clients.find(clientId)
    if (!client) throw new Error('no such client')
    await realm.clients.update(change(client))
    realms.forget(REALM)
  }

  /** Of a client with one redirect URI; an empty string leaves a parameter out. */
  const parametersFor = (client: TestClient, extra: Record<string, string> = {}): Record<string, string> =>
    server.oauth.authorizationParameters(client, CODE_CHALLENGE, { state: 'af0ifjsldkj', ...extra })

  const authorize = (browser: Browser, parameters: Record<string, string>, options?: RequestOptions): Promise<Answer> =>
    browser.request('GET', `/authorize?${new URLSearchParams(parameters)}`, options)

  const shownBy = (url: string, answer: Answer): Shown => {
    const form = readForm(answer.body)
    if (!form)
      throw new Error(`no form at ${url}: ${answer.status} ${errorCodeOf(answer.body) ?? answer.headers.location}`)
    return { url, answer, form }
  }

  /** Follows the redirects of this server to the page that a person sees. */
  const arrive = async (browser: Browser, answer: Answer): Promise<Shown> => {
    const { location } = answer.headers
    if (location === undefined) return shownBy('', answer)
    if (!location.startsWith(`${server.issuer}/`)) throw new Error(`led away: ${location}`)
    const next = await browser.request('GET', location)
    return next.headers.location === undefined ? shownBy(location, next) : await arrive(browser, next)
  }

  const begin = async (browser: Browser, parameters: Record<string, string>): Promise<Shown> =>
    await arrive(browser, await authorize(browser, parameters))

  /** Sends the form of the page, as a browser does. */
  const submit = (
    browser: Browser,
    { form }: Shown,
    fields: Record<string, string>,
    options: RequestOptions = {},
  ): Promise<Answer> =>
    browser.request('POST', form.action, {
      form: { ...form.fields, ...fields },
      headers: { origin, 'sec-fetch-site': 'same-origin' },
      ...options,
    })

  /** From the login page to what comes after it. */
  const signIn = async (browser: Browser, login: Shown, { username, password }: Person): Promise<Answer> => {
    const answer = await submit(browser, login, { username, password })
    if (answer.headers.location === undefined) throw new Error(`not signed in: ${answer.status} ${answer.body}`)
    return await browser.request('GET', answer.headers.location)
  }

  /** A browser in which the person is signed in and has allowed this client these scopes. */
  const signedInBrowser = async (
    person: Person,
    client: TestClient,
    extra: Record<string, string> = {},
  ): Promise<Browser> => {
    const browser = server.browser()
    const answer = await server.oauth.authorize(browser, client, parametersFor(client, extra), person)
    if (!('parameters' in answer)) throw new Error(`not signed in: ${answer.status} ${answer.body}`)
    return browser
  }

  /** RFC 9126 §2.1 */
  const push = (client: TestClient, extra: Record<string, string> = {}): Promise<Answer> => {
    const { client_secret: secret, client_id: id } = client
    return server.request('POST', '/par', {
      form: parametersFor(client, extra),
      headers: secret ? { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` } : {},
    })
  }

  return {
    server,
    realm,
    origin,
    addUser,
    addClient,
    changeClient,
    parametersFor,
    authorize,
    arrive,
    begin,
    submit,
    signIn,
    signedInBrowser,
    push,
  }
}

export type AuthorizationStage = Awaited<ReturnType<typeof openAuthorizationStage>>

/** The parameters that a redirect carries to the client; throws for any other answer. */
export const responseOf = ({ status, headers, body }: Answer, redirectUri: string = REDIRECT_URI): URLSearchParams => {
  const { location } = headers
  if (status !== 303 || !location?.startsWith(redirectUri)) {
    throw new Error(`no answer to the client: ${status} ${location ?? errorCodeOf(body) ?? body}`)
  }
  return new URL(location).searchParams
}
