/** Whole OAuth exchanges over the pages and endpoints of a running server, for tests that need tokens and no browser. */
import { createHash, randomBytes } from 'node:crypto'
import { type Answer, type Browser, clientBasic, createBrowser, readForm, send, type Target } from './client.ts'

export type Person = { username: string; password: string; totpCode?: () => string }

/** A registered client, as the administration API shows it once. */
export type TestClient = {
  client_id: string
  client_secret?: string
  redirect_uris: string[]
  token_endpoint_auth_method: string
}

export type TokenAnswer = {
  access_token: string
  token_type: string
  expires_in: number
  scope: string
  refresh_token: string
  id_token: string
  error?: string
}

/** What a client finds at its redirect URI. */
export type AuthorizationResponse = {
  location: string
  parameters: URLSearchParams
}

export const createPkce = (): { verifier: string; challenge: string } => {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

const MAX_STEPS = 12

const redirectUriOf = (client: TestClient): string => client.redirect_uris[0] ?? ''

const isAtClient = (url: string, client: TestClient): boolean =>
  url === redirectUriOf(client) ||
  url.startsWith(`${redirectUriOf(client)}?`) ||
  url.startsWith(`${redirectUriOf(client)}&`) ||
  url.startsWith(`${redirectUriOf(client)}#`)

const responseIn = (location: string): AuthorizationResponse => {
  const url = new URL(location)
  return { location, parameters: new URLSearchParams(url.hash ? url.hash.slice(1) : url.search) }
}

/** What a person does at the form in front of them. */
const fillIn = (form: NonNullable<ReturnType<typeof readForm>>, person: Person, decision: string) => {
  if (form.buttons.includes('login')) return { ...form.fields, username: person.username, password: person.password }
  if (form.buttons.includes('verify')) return { ...form.fields, totp_code: person.totpCode?.() ?? '' }
  if (form.buttons.includes('consent-allow')) return { ...form.fields, decision }
  throw new Error(`a form that this person does not know: ${form.buttons.join(', ')}`)
}

/** How a client shows who it is, by its registered method. */
export const clientAuthentication = (
  client: TestClient,
): { headers: Record<string, string>; form: Record<string, string> } => {
  const secret = client.client_secret ?? ''
  if (client.token_endpoint_auth_method === 'client_secret_basic')
    return { headers: { authorization: clientBasic(client.client_id, secret) }, form: {} }
  if (client.token_endpoint_auth_method === 'client_secret_post')
    return { headers: {}, form: { client_id: client.client_id, client_secret: secret } }
  return { headers: {}, form: { client_id: client.client_id } }
}

/** `paths` for a server that is not ours. */
export const createOauth = (target: Target, paths = { authorize: '/authorize', token: '/token' }) => {
  const at = (path: string): string => `${target.issuer}${path}`

  /** A code request with PKCE and state; `extra` replaces or adds, and an empty string leaves out. */
  const authorizationParameters = (
    client: TestClient,
    challenge: string,
    extra: Record<string, string> = {},
  ): Record<string, string> => {
    const parameters = {
      response_type: 'code',
      client_id: client.client_id,
      redirect_uri: redirectUriOf(client),
      scope: 'openid',
      state: randomBytes(8).toString('base64url'),
      code_challenge: challenge,
      code_challenge_method: 'S256',
      ...extra,
    }
    return Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== ''))
  }

  /** Follows the pages until they lead to the client; a page that offers nothing to do is the answer itself. */
  const follow = async (
    browser: Browser,
    client: TestClient,
    first: Answer,
    person: Person,
    decision: string,
  ): Promise<AuthorizationResponse | Answer> => {
    let answer = first
    let place = target.issuer
    for (let step = 0; step < MAX_STEPS; step++) {
      const { location } = answer.headers
      if (location !== undefined) {
        place = new URL(location, place).href
        if (isAtClient(place, client)) return responseIn(place)
        answer = await browser.request('GET', place)
        continue
      }
      const form = readForm(answer.body)
      if (!form) return answer
      // OAuth 2.0 Form Post Response Mode §2: the page is the response.
      if (isAtClient(form.action, client))
        return { location: form.action, parameters: new URLSearchParams(form.fields) }
      place = new URL(form.action, place).href
      answer = await browser.request('POST', place, {
        form: fillIn(form, person, decision),
        headers: { origin: new URL(target.issuer).origin },
      })
    }
    throw new Error('the pages lead in a circle')
  }

  /** Opens an authorization request that somebody else made, and does what its pages ask for. */
  const visit = async (
    browser: Browser,
    client: TestClient,
    url: string,
    person: Person,
    decision: 'allow' | 'deny' = 'allow',
  ): Promise<AuthorizationResponse | Answer> =>
    await follow(browser, client, await browser.request('GET', url), person, decision)

  const authorize = async (
    browser: Browser,
    client: TestClient,
    parameters: Record<string, string>,
    person: Person,
    decision: 'allow' | 'deny' = 'allow',
  ): Promise<AuthorizationResponse | Answer> =>
    await visit(browser, client, at(`${paths.authorize}?${new URLSearchParams(parameters)}`), person, decision)

  /** As `authorize`, where anything but a code is a mistake of the test. */
  const obtainCode = async (
    browser: Browser,
    client: TestClient,
    parameters: Record<string, string>,
    person: Person,
  ): Promise<string> => {
    const response = await authorize(browser, client, parameters, person)
    const code = 'parameters' in response ? response.parameters.get('code') : null
    if (code) return code
    throw new Error(`no code: ${'parameters' in response ? response.location : `${response.status} ${response.body}`}`)
  }

  const token = (client: TestClient, form: Record<string, string>): Promise<Answer> => {
    const shown = clientAuthentication(client)
    return send(target, 'POST', at(paths.token), { headers: shown.headers, form: { ...shown.form, ...form } })
  }

  const redeem = (client: TestClient, code: string, verifier: string): Promise<Answer> =>
    token(client, {
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUriOf(client),
      code_verifier: verifier,
    })

  const refresh = (client: TestClient, refreshToken: string): Promise<Answer> =>
    token(client, { grant_type: 'refresh_token', refresh_token: refreshToken })

  /** A code flow from the first request to the tokens. */
  const obtainTokens = async (
    client: TestClient,
    person: Person,
    options: { browser?: Browser; extra?: Record<string, string> } = {},
  ): Promise<TokenAnswer> => {
    const { verifier, challenge } = createPkce()
    const browser = options.browser ?? createBrowser(target)
    const parameters = authorizationParameters(client, challenge, options.extra)
    const answer = await redeem(client, await obtainCode(browser, client, parameters, person), verifier)
    if (answer.status !== 200) throw new Error(`no tokens: ${answer.status} ${answer.body}`)
    return answer.json<TokenAnswer>()
  }

  return { at, authorizationParameters, visit, authorize, obtainCode, token, redeem, refresh, obtainTokens }
}

export type Oauth = ReturnType<typeof createOauth>
