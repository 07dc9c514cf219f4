/** T-HT-10 – every address of the server in every other spelling: none is answered, with or without the right credentials. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { sendRaw, statusOf } from '../../support/raw.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const PATHS = [
  '/live',
  '/jwks.json',
  '/public/version',
  '/.well-known/openid-configuration',
  '/realms/main/jwks.json',
  '/admin/realm',
  '/admin/realm/main/user/root-admin',
]

const encoded = (text: string): string =>
  [...text].map((character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`).join('')

const lastPart = (path: string): [string, string] => {
  const slash = path.lastIndexOf('/')
  return [path.slice(0, slash), path.slice(slash + 1)]
}

const spellings: Record<string, (path: string) => string> = {
  'a doubled slash at the front': (path) => `/${path}`,
  'a doubled slash at the end': (path) => path.replace(/\/(?=[^/]*$)/, '//'),
  'a slash at the end': (path) => `${path}/`,
  'a dot segment': (path) => `/.${path}`,
  'a climb': (path) => `/x/..${path}`,
  'an encoded climb': (path) => `/x/%2e%2e${path}`,
  'a climb encoded twice': (path) => `/x/%252e%252e${path}`,
  'an encoded slash': (path) => path.replace(/\/(?=[^/]*$)/, '%2f'),
  'an encoded slash at the front': (path) => `/%2f${path.slice(1)}`,
  'the first letter encoded': (path) => `/${encoded(path[1] ?? '')}${path.slice(2)}`,
  'the last part encoded': (path) => lastPart(path)[0].concat('/', encoded(lastPart(path)[1])),
  'a letter encoded twice': (path) => `/%25${encoded(path[1] ?? '').slice(1)}${path.slice(2)}`,
  'a parameter of the path': (path) => `${path};a=b`,
  'a parameter in the middle': (path) => path.replace(/\/(?=[^/]*$)/, ';a=b/'),
  capitals: (path) => path.toUpperCase(),
  'a backslash': (path) => path.replace(/\/(?=[^/]*$)/, '\\'),
  'a NUL at the end': (path) => `${path}%00`,
  'a new line at the end': (path) => `${path}%0a`,
  'a space at the end': (path) => `${path}%20`,
  'a full stop at the end': (path) => `${path}.`,
  'another extension': (path) => `${path}.json`,
  'an overlong slash': (path) => path.replace(/\/(?=[^/]*$)/, '%c0%af'),
  'a fragment': (path) => `${path}#x`,
}

describe('addresses in another spelling', () => {
  let server: TestServer
  let cookie: string

  before(async () => {
    server = await startServer()
    const { username, password } = server.admin
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
    const answer = await server.request('POST', '/login?realm=_', { headers: { authorization } })
    cookie = answer.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
  })
  after(() => server.close())

  const get = (target: string): Promise<string> =>
    sendRaw(
      server,
      `GET ${target} HTTP/1.1\r\nHost: ${new URL(server.issuer).host}\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`,
    )

  test('as it is, each one answers', async () => {
    for (const path of PATHS) assert.equal(statusOf(await get(path.replace('main/user', '_/user'))), 200, path)
  })

  for (const [what, spell] of Object.entries(spellings))
    test(`T-HT-10 RFC 3986 §6.2.2 – ${what} leads nowhere`, async () => {
      for (const path of PATHS) {
        const answer = await get(spell(path.replace('main/user', '_/user')))
        assert.ok([400, 404].includes(statusOf(answer)), `${spell(path)}: ${answer.slice(0, 80)}`)
        assert.match(answer, /x-content-type-options: nosniff|HTTP\/1\.1 400 Bad Request/i)
      }
    })
})
