import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer

before(async () => {
  server = await startServer()
  await server.admin.createRealm({
    id: 'shop',
    auth_params: {},
    session_max_age_seconds: 60,
    session_max_stale_age_seconds: 60,
  })
})
after(() => server.close())

const WELL_KNOWN = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server']

test('RFC 8414 §3.2 – a realm that does not exist has no metadata and no keys', async () => {
  for (const path of [
    ...WELL_KNOWN.flatMap((name) => [`/realms/nowhere${name}`, `${name}/realms/nowhere`]),
    '/realms/nowhere/jwks.json',
  ]) {
    assert.equal((await server.request('GET', path)).status, 404, path)
  }
})

test('RFC 8414 §3 – metadata is only read', async () => {
  const answer = await server.request('POST', WELL_KNOWN[0] ?? '', { form: {} })
  assert.equal(answer.status, 405)
})

test('RFC 8414 §3.1 – the well-known part after or before the path of the issuer, both documents the same', async () => {
  const issuer = `${server.issuer}/realms/shop`
  const bodies = new Set<string>()
  for (const path of WELL_KNOWN.flatMap((name) => [`/realms/shop${name}`, `${name}/realms/shop`])) {
    const answer = await server.request('GET', path)
    assert.equal(answer.status, 200, path)
    // RFC 8414 §3.3 – exactly the issuer that the address was made from.
    assert.equal(answer.json().issuer, issuer)
    bodies.add(answer.body)
  }
  assert.equal(bodies.size, 1)
})

test('RFC 8414 §3.1 – the default realm answers at the root, with the issuer it also has under its name', async () => {
  for (const path of [...WELL_KNOWN, ...WELL_KNOWN.flatMap((name) => [`/realms/main${name}`, `${name}/realms/main`])]) {
    assert.equal((await server.request('GET', path)).json().issuer, server.issuer, path)
  }
})

test('N-97-06 RFC 8414 §3.2 – metadata and keys are JSON that anybody may read and keep for a moment', async () => {
  for (const path of [...WELL_KNOWN, '/jwks.json']) {
    const answer = await server.request('GET', path, { headers: { origin: 'https://anywhere.example' } })
    assert.equal(answer.status, 200)
    assert.match(answer.headers['content-type'] ?? '', /^application\/json/)
    assert.equal(answer.headers['access-control-allow-origin'], '*')
    assert.equal(answer.headers['cache-control'], 'public, max-age=60')
  }
})

test('T-IS-01 T-IS-09 RFC 8414 §3.3 – no header of the request changes what the document says', async () => {
  const plain = (await server.request('GET', WELL_KNOWN[0] ?? '')).body
  const headers = {
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'http',
    'x-forwarded-prefix': '/evil',
    forwarded: 'host=evil.example;proto=http',
    'x-original-url': 'https://evil.example/',
  }
  assert.equal((await server.request('GET', WELL_KNOWN[0] ?? '', { headers })).body, plain)
})

test('RFC 8414 §2 – every endpoint that the document names is there', async () => {
  const metadata = (await server.request('GET', WELL_KNOWN[0] ?? '')).json<Record<string, string>>()
  const names = Object.keys(metadata).filter((name) => name.endsWith('_endpoint') || name === 'jwks_uri')
  assert.ok(names.length >= 7)
  for (const name of names) {
    const url = metadata[name] ?? ''
    assert.ok(url.startsWith(`${server.issuer}/`), url)
    const answers = [await server.request('GET', url), await server.request('POST', url, { form: {} })]
    assert.ok(
      answers.every((answer) => answer.status !== 404 && answer.status < 500),
      `${name}: ${answers.map((answer) => answer.status)}`,
    )
  }
})

test('T-LC-02 RFC 8414 §2 – a scope that the realm gets is in the document within a second, without a restart', async () => {
  const path = '/realms/shop/.well-known/oauth-authorization-server'
  assert.equal((await server.request('GET', path)).body.includes('"reports"'), false)
  await server.admin.updateRealm('shop', { scopes: [{ name: 'reports' }] })
  assert.ok(
    (await server.request('GET', path)).json<{ scopes_supported: string[] }>().scopes_supported.includes('reports'),
  )
})
