/** The two things that an administrator does before people can sign in: create a user and a client. */

type Credentials = { username: string; password: string }

export type NewUser = { username: string; password: string; claims: Record<string, unknown> }

export type NewClient = { client_id: string; client_name: string; redirect_uris: string[]; [metadata: string]: unknown }

const send = async (url: string, headers: Record<string, string>, body?: unknown): Promise<Response> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!response.ok)
    throw new Error(`POST ${new URL(url).pathname} answered ${response.status}: ${await response.text()}`)
  return response
}

/** Signs the administrator in; the answer's functions work in one realm. */
export const signInAdministrator = async (issuer: string, { username, password }: Credentials, realm: string) => {
  const basic = Buffer.from(`${username}:${password}`).toString('base64')
  const response = await send(`${issuer}/login?realm=_`, { authorization: `Basic ${basic}` })
  const cookie = response.headers
    .getSetCookie()
    .map((header) => header.split(';')[0])
    .join('; ')
  const create = async (kind: string, body: unknown) =>
    (await (await send(`${issuer}/admin/realm/${realm}/${kind}`, { cookie }, body)).json()) as Record<string, unknown>
  return {
    createUser: (user: NewUser) => create('user', user),
    /** The answer is the only one that ever holds the client's secret. */
    createClient: async (client: NewClient): Promise<string> => {
      const { client_secret } = await create('client', client)
      if (typeof client_secret !== 'string') throw new Error('the server made no client secret')
      return client_secret
    },
  }
}
