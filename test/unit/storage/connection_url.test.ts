import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConnectionUrl } from '../../../src/storage/connection_url.ts'

const parse = (url: string) => parseConnectionUrl(url, ['postgresql', 'postgres'])

test('a connection URL that cannot be used is refused without repeating any of it', () => {
  const urls = [
    'mysql://user:hidden@host/db',
    'postgresql://',
    'postgresql://user:hidden@host',
    'postgresql://user:hidden@host/',
    'postgresql://user:hidden@ho st/db',
    'postgresql://user:hidden@host:hidden/db',
    'postgresql://user:hidden@host/db?sslmode=prefer',
    'hidden',
  ]
  for (const url of urls)
    assert.throws(
      () => parse(url),
      (error: Error) =>
        !JSON.stringify([error.message, error.stack?.split('\n    at ')[0], { ...error }]).includes('hidden'),
      url,
    )
})

test('a connection URL names host, port, user, password and database', () => {
  assert.deepEqual(parse('postgresql://us%40er:p%2Fw%3A@db.example:5433/auth%20server'), {
    host: 'db.example',
    port: 5433,
    socket: undefined,
    user: 'us@er',
    password: 'p/w:',
    database: 'auth server',
    tls: undefined,
  })
  assert.equal(parse('postgres://[::1]/db').host, '::1')
  assert.equal(parse('postgres://localhost/db').port, undefined)
  assert.equal(parse('postgres://user@localhost/db').password, undefined)
})

test('a connection URL without a host names the folder of a Unix socket', () => {
  const address = parse('postgresql://user:pw@/run/postgresql/db?application_name=x')
  assert.equal(address.host, undefined)
  assert.equal(address.socket, '/run/postgresql')
  assert.equal(address.database, 'db')
  assert.equal(parse('postgresql:///run/postgresql/db').socket, '/run/postgresql')
  assert.equal(parse('postgresql:///run/postgresql/db?port=5433').port, 5433)
})

test('TLS is verified wherever it is asked for, whatever the name of the mode', () => {
  for (const query of ['sslmode=require', 'sslmode=verify-full', 'ssl-mode=VERIFY_IDENTITY', 'ssl=true'])
    assert.deepEqual(parse(`postgresql://host/db?${query}`).tls, { rejectUnauthorized: true }, query)
  assert.deepEqual(parse('postgresql://host/db?sslmode=no-verify').tls, { rejectUnauthorized: false })
  assert.equal(parse('postgresql://host/db?sslmode=disable').tls, undefined)
})
