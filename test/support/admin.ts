/** An administrator at work, through the same API that people use. */
import { type Answer, basic, type RequestOptions, send, type Target } from './client.ts'
import type { Person, TestClient } from './oauth.ts'

export const ADMINISTRATOR = { username: 'root-admin', password: 'an administrator of the tests 1' }

/** OAuth 2.1 §2.1 – what the tests register when they say nothing else: a confidential web client for everything. */
const usualClient = {
  client_name: 'A client',
  redirect_uris: ['https://client.example/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  scope: 'openid profile email offline_access',
  token_endpoint_auth_method: 'client_secret_basic',
}

const expectStatus = (answer: Answer, status: number): Answer => {
  if (answer.status === status) return answer
  throw new Error(`expected ${status}, found ${answer.status} ${answer.body}`)
}

/** `realm` is where the users and clients go when nothing else is said. */
export const createAdmin = (target: Target, realm: string) => {
  let cookie: Promise<string> | undefined

  const signIn = async (): Promise<string> => {
    const authorization = basic(ADMINISTRATOR.username, ADMINISTRATOR.password)
    const answer = await send(target, 'POST', '/login?realm=_', { headers: { authorization } })
    const session = expectStatus(answer, 200).headers['set-cookie']?.[0]?.split(';')[0]
    if (!session) throw new Error(`the administrator got no session: ${answer.body}`)
    return session
  }

  const request = async (method: string, path: string, options: RequestOptions = {}): Promise<Answer> => {
    cookie ??= signIn()
    return await send(target, method, path, { cookie: await cookie, ...options })
  }

  return {
    ...ADMINISTRATOR,
    /** A request with the administrator's session. */
    request,

    async createRealm(json: Record<string, unknown> & { id: string }): Promise<void> {
      expectStatus(await request('POST', '/admin/realm', { json }), 201)
    },

    /** Everything of a realm but its id, as PUT /admin/realm/{id} takes it. */
    async updateRealm(id: string, change: Record<string, unknown>): Promise<void> {
      const known = expectStatus(await request('GET', `/admin/realm/${id}`), 200).json()
      expectStatus(await request('PUT', `/admin/realm/${id}`, { json: { ...known, ...change } }), 200)
    },

    async createUser(user: Record<string, unknown> = {}, inRealm = realm): Promise<Person> {
      const person = { username: 'alice', password: 'a passphrase of the tests 7', ...user }
      expectStatus(await request('POST', `/admin/realm/${inRealm}/user`, { json: person }), 201)
      return { username: person.username, password: person.password }
    },

    async createClient(metadata: Record<string, unknown> = {}, inRealm = realm): Promise<TestClient> {
      const json = { ...usualClient, ...metadata }
      return expectStatus(await request('POST', `/admin/realm/${inRealm}/client`, { json }), 201).json<TestClient>()
    },
  }
}

export type Admin = ReturnType<typeof createAdmin>
