import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { stringify } from 'smol-toml'
import { ConfigError } from '../../../src/config/config_error.ts'
import { configSchema } from '../../../src/config/schema.ts'
import { CANARY, load, problemsOf, withRest } from './broken.ts'
import { put } from './pki.ts'

/** Names that the schema knows, so that values get past the names. */
const names = [
  ...Object.keys(configSchema.shape),
  ...[
    'backend',
    'connection_url',
    'connection_url_file',
    'url',
    'issuer',
    'exclusion_list',
    'trusted_proxies',
    'production',
  ],
  ...[
    'allowed_hosts',
    'cors_allowed_origins',
    'server_private_key',
    'tls_cipher_suites',
    'basic_auth_password',
    'level',
  ],
]

const key = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...names) },
  fc.string({ minLength: 1, unit: 'binary' }).map((text) => text.toWellFormed()),
)

const text = fc.oneof(
  fc.string({ unit: 'binary' }).map((value) => value.toWellFormed()),
  fc.webUrl({ withFragments: true, withQueryParameters: true, validSchemes: ['http', 'https', 'postgresql', 'redis'] }),
  fc.ipV6(),
  fc.tuple(fc.ipV4Extended(), fc.nat(40)).map(([address, bits]) => `${address}/${bits}`),
  fc.constantFrom(
    '',
    `\${${CANARY}}`,
    `\${X}`,
    '/',
    '..',
    'sqlite::memory:',
    'a:b:c',
    '[::1',
    `postgresql://u:${CANARY}@`,
  ),
)

const value = fc.oneof(
  text,
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.array(text, { maxLength: 4 }),
  fc.date({ noInvalidDate: true }),
)
const table = fc.dictionary(key, value, { maxKeys: 6 })
const file = fc.dictionary(key, fc.oneof(value, table, fc.array(table, { maxLength: 2 })), { maxKeys: 8 })

const RUNS = 400

test('configuration: no file of any names and values does more than give problems in words', () => {
  fc.assert(
    fc.property(file, (tree) => {
      problemsOf(stringify(tree))
    }),
    { numRuns: RUNS },
  )
})

test('configuration: no text does more than give problems in words', () => {
  const start = withRest('[server_params]\nproduction = false\n')
  const mutated = fc
    .tuple(fc.nat(start.length), fc.nat(20), fc.string({ unit: 'binary', maxLength: 10 }))
    .map(([at, length, insert]) => start.slice(0, at) + insert + start.slice(at + length))
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), mutated), (source) => {
      try {
        load(source)
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error))
      }
    }),
    { numRuns: RUNS },
  )
})

test('configuration: no bytes as key, certificate or secret do more than give problems in words', () => {
  const pem = fc
    .tuple(
      fc.constantFrom('PRIVATE KEY', 'CERTIFICATE', 'PUBLIC KEY', 'X'),
      fc.base64String(),
      fc.constantFrom('\n', '\r\n', ''),
    )
    .map(([label, body, end]) => Buffer.from(`-----BEGIN ${label}-----${end}${body}\n-----END ${label}-----${end}`))
  const bytes = fc.oneof(
    pem,
    fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
  )
  fc.assert(
    fc.property(bytes, (content) => {
      const path = JSON.stringify(put('fuzzed', content))
      const keys = ['server_private_key', 'server_certificate', 'server_ca_chain', 'client_ca_cert_chain']
      const tls = keys.map((name) => `${name} = ${path}\n`).join('')
      problemsOf(`host_name = "::1"\nhost_port = 0\n[tls_params]\n${tls}
[session_jwt_params]\njwt_ec_private_key = ${path}\njwt_ec_public_key = ${path}\n[database_params]\nconnection_url_file = ${path}\n`)
    }),
    { numRuns: RUNS },
  )
})
