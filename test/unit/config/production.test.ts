import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { ensureCertificates } from '../../../src/cli/certificates.ts'
import { CANARY, load, problemsOf, TOP, testBrokenFiles, tls, withRest } from './broken.ts'
import { directory, files, NOW, put } from './pki.ts'

const development = join(directory, 'development')
await ensureCertificates(development, { now: () => NOW })
const developmentFiles = {
  server_private_key: join(development, 'server.key'),
  server_certificate: join(development, 'server.crt'),
  server_ca_chain: join(development, 'ca.crt'),
}

/** Signing keys are sealed with it. */
const SECRETS = `[secrets_params]\nencryption_key = "${Buffer.alloc(32, 3).toString('base64url')}"\n`

const FLAG = 'because server_params.production is true'
const HOST = "because the issuer's host, auth.example.com, is not this machine alone"
const TLS_OR_FLAG =
  'expected TLS (sslmode=verify-full, ssl-mode=VERIFY_IDENTITY, rediss://) or database_params.allow_plaintext_database = true'

const everythingWrong = (oauth: string, server: string): string => `${TOP}default_username = "admin"
${tls({ ...developmentFiles, client_ca_cert_chain: developmentFiles.server_ca_chain })}
[database_params]
backend = "mysql"
connection_url = "mysql://auth:${CANARY}@db.example:3306/auth"
[sessions_store_params]
connection_url = "sqlite::memory:"
[proxy_params]
url = "http://proxy.example:3128"
basic_auth_username = "auth"
basic_auth_password = "${CANARY}"
${oauth}${server}`

const everyProblem = (reason: string): string[] => [
  `default_username: found a value, expected none, ${reason}`,
  ...['server_certificate', 'server_ca_chain', 'client_ca_cert_chain'].map(
    (key) =>
      `tls_params.${key}: found a development certificate, expected one of a certificate authority of your own, ${reason}`,
  ),
  `database_params.connection_url: found another host without TLS, ${TLS_OR_FLAG}, ${reason}`,
  `sessions_store_params.connection_url: found a database in memory, expected one that outlives the process, ${reason}`,
  `proxy_params.url: found credentials sent over http to another host, expected https, ${reason}`,
  `secrets_params.encryption_key: found nothing, expected a key that signing keys are sealed with, ${reason}`,
]

describe('configuration: the gate of production tells every reason at once', () => {
  testBrokenFiles([
    {
      name: 'because the file says so',
      toml: everythingWrong('', '[server_params]\nproduction = true\n'),
      problems: everyProblem(FLAG),
    },
    {
      name: "because the issuer's host is not loopback",
      toml: everythingWrong('[oauth_params]\nissuer = "https://auth.example.com"\n', ''),
      problems: everyProblem(HOST),
    },
    {
      name: 'a key and a secret that others can read, where the file says so',
      toml: `${TOP}${tls({ server_private_key: files.exposedKey })}${SECRETS}[server_params]\nproduction = true
[proxy_params]\nurl = "https://p:1"\ncustom_auth_header_file = ${JSON.stringify(put('header_for_all', CANARY, 0o640))}\n`,
      problems: ['proxy_params.custom_auth_header_file', 'tls_params.server_private_key'].map(
        (key) => `${key}: found a file that others can read, expected one that only its owner can read (mode 0600)`,
      ),
    },
    {
      name: 'Redis on another host without TLS',
      toml: withRest(
        `[sessions_store_params]\nbackend = "redis"\nconnection_url = "redis://:${CANARY}@cache:6379"\n${SECRETS}[server_params]\nproduction = true\n`,
      ),
      problems: [`sessions_store_params.connection_url: found another host without TLS, ${TLS_OR_FLAG}, ${FLAG}`],
    },
    {
      name: 'TLS that does not ask the database who it is',
      toml: withRest(
        `[database_params]\nbackend = "postgresql"\nconnection_url = "postgresql://u:${CANARY}@db/a?sslmode=no-verify"\n${SECRETS}[server_params]\nproduction = true\n`,
      ),
      problems: [`database_params.connection_url: found another host without TLS, ${TLS_OR_FLAG}, ${FLAG}`],
    },
  ])

  test('development at a loopback issuer is let through', () => {
    const config = load(everythingWrong('', ''))
    assert.equal(config.oauth_params.issuer, 'https://localhost:8443')
  })

  test('what is fit for production is let through', () => {
    const remote = (flag: string, query: string): string =>
      withRest(`[database_params]\nbackend = "postgresql"\nconnection_url = "postgresql://u:p@db.example/auth${query}"\n${flag}
[proxy_params]\nurl = "https://proxy.example:3128"\nbasic_auth_username = "u"\nbasic_auth_password = "p"
[oauth_params]\nissuer = "https://auth.example.com"\n${SECRETS}[server_params]\nproduction = true\n`)
    assert.deepEqual(problemsOf(remote('', '?sslmode=verify-full')), [])
    assert.deepEqual(problemsOf(remote('allow_plaintext_database = true', '')), [])
  })

  test('a database and a proxy on this machine need no TLS', () => {
    const urls = [
      'postgresql://u@127.0.0.1/a',
      'postgresql://u@[::1]/a',
      'postgresql://u@localhost/a',
      'postgresql://u@/run/pg/a',
    ]
    for (const url of urls) {
      const toml = withRest(`[database_params]\nbackend = "postgresql"\nconnection_url = "${url}"
[proxy_params]\nurl = "http://127.0.0.1:3128"\ncustom_auth_header = "Bearer x"\n${SECRETS}[server_params]\nproduction = true\n`)
      assert.deepEqual(problemsOf(toml), [])
    }
  })
})
