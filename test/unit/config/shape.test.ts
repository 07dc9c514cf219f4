import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CANARY, load, TOP, testBrokenFiles, tls, withRest } from './broken.ts'
import { files } from './pki.ts'

const KEY_OF_FILE = 'found an unknown key, expected a key or table of this file'

describe('configuration: what is missing is named', () => {
  testBrokenFiles([
    {
      name: 'an empty file',
      toml: '',
      problems: [
        'host_name: found nothing, expected a string that is not empty',
        'host_port: found nothing, expected an integer from 0 to 65535',
        'tls_params: found nothing, expected a table with server_private_key, server_certificate, server_ca_chain',
      ],
    },
    {
      name: 'every required key of a table',
      toml: `${TOP}[tls_params]\n[session_jwt_params]\n[proxy_params]\n`,
      problems: [
        'tls_params.server_private_key: found nothing, expected the path of a file',
        'tls_params.server_certificate: found nothing, expected the path of a file',
        'tls_params.server_ca_chain: found nothing, expected the path of a file',
        'session_jwt_params.jwt_ec_private_key: found nothing, expected the path of a file',
        'session_jwt_params.jwt_ec_public_key: found nothing, expected the path of a file',
        'proxy_params.url: found nothing, expected a string that is not empty',
      ],
    },
  ])
})

describe('configuration: an unknown key names the one that was meant', () => {
  testBrokenFiles([
    {
      name: 'a letter too few',
      toml: withRest('[tls_params.x]\n[log_params]\nlevl = "info"\n'),
      problems: [
        'tls_params.x: found an unknown key, expected a key of [tls_params]',
        'log_params.levl: found an unknown key, expected a key of [log_params]; did you mean level?',
      ],
    },
    {
      name: 'letters in another order, and in upper case',
      toml: `host_naem = "x"\nHOST_PORT = 1\n${withRest('')}`,
      problems: [
        `host_naem: ${KEY_OF_FILE}; did you mean host_name?`,
        `HOST_PORT: ${KEY_OF_FILE}; did you mean host_port?`,
      ],
    },
    {
      name: 'a table',
      toml: withRest('[database_parms]\n'),
      problems: [`database_parms: ${KEY_OF_FILE}; did you mean database_params?`],
    },
    {
      name: 'a key of the file below the header of a table',
      toml: withRest('default_username = "admin"\n'),
      problems: [
        'tls_params.default_username: found an unknown key, expected a key of [tls_params]; did you mean default_username above every table?',
      ],
    },
    {
      name: 'a key of a table above it',
      toml: `code_ttl_secs = 30\n${withRest('')}`,
      problems: [`code_ttl_secs: ${KEY_OF_FILE}; did you mean code_ttl_secs in [oauth_params]?`],
    },
    {
      name: 'nothing is near, and the value is not shown',
      toml: withRest(`[oauth_params]\nquuxquux = "${CANARY}"\n`),
      problems: ['oauth_params.quuxquux: found an unknown key, expected a key of [oauth_params]'],
    },
    {
      name: 'a key with characters that need quotes',
      toml: withRest('[log_params]\n"lével\\t" = 1\n'),
      problems: ['log_params."lével\\t": found an unknown key, expected a key of [log_params]; did you mean level?'],
    },
    {
      name: 'a list of tables',
      toml: withRest('[[other]]\na = 1\n'),
      problems: [`other: ${KEY_OF_FILE}`],
    },
  ])
})

describe('configuration: a value of the wrong type is told by its kind', () => {
  testBrokenFiles([
    {
      name: 'strings where something else belongs',
      toml: `host_name = "localhost"\nhost_port = "8443"\n${tls()}[server_params]\nproduction = "yes"\ntrusted_proxies = "${CANARY}"\n`,
      problems: [
        'host_port: found a string, expected an integer from 0 to 65535',
        'server_params.trusted_proxies: found a string, expected a list of at most 10000 strings',
        'server_params.production: found a string, expected true or false',
      ],
    },
    {
      name: 'a secret that is no string',
      toml: withRest(
        `[proxy_params]\nurl = ["${CANARY}"]\nbasic_auth_username = 12\nbasic_auth_password = { a = "${CANARY}" }\n`,
      ),
      problems: [
        'proxy_params.url: found a list, expected a string that is not empty',
        'proxy_params.basic_auth_username: found 12, expected a string that is not empty',
        'proxy_params.basic_auth_password: found a table, expected a string that is not empty',
      ],
    },
    {
      name: 'numbers, booleans and dates where strings belong',
      toml: `host_name = 127001\nhost_port = true\ndefault_username = 1979-05-27\n${tls()}`,
      problems: [
        'host_name: found 127001, expected a string that is not empty',
        'host_port: found true, expected an integer from 0 to 65535',
        'default_username: found a date, expected a string that is not empty',
      ],
    },
    {
      name: 'values where tables belong',
      toml: `${TOP}tls_params = "x"\ndatabase_params = 1979-05-27T07:32:00Z\nlog_params = []\nsession_jwt_params = 1\n`,
      problems: [
        'tls_params: found a string, expected a table with server_private_key, server_certificate, server_ca_chain',
        'session_jwt_params: found 1, expected a table with jwt_ec_private_key, jwt_ec_public_key',
        'database_params: found a date, expected a table',
        'log_params: found a list, expected a table',
      ],
    },
    {
      name: 'entries of a list',
      toml: withRest('[server_params]\nallowed_hosts = [1, "a.example", false, "b c"]\n'),
      problems: [
        'server_params.allowed_hosts[0]: found 1, expected a string',
        'server_params.allowed_hosts[2]: found false, expected a string',
        'server_params.allowed_hosts[3]: found "b c", expected a host as example.com or example.com:8443',
      ],
    },
    {
      name: 'empty strings',
      toml: `host_name = ""\nhost_port = 1\n${tls({ server_ca_chain: '' })}[database_params]\nconnection_url = ""\n`,
      problems: [
        'host_name: found an empty string, expected a string that is not empty',
        'tls_params.server_ca_chain: found an empty string, expected the path of a file',
        'database_params.connection_url: found an empty string, expected a string that is not empty',
      ],
    },
  ])
})

describe('configuration: a number outside its bounds names them', () => {
  testBrokenFiles([
    {
      name: 'ports',
      toml: `host_name = "localhost"\nhost_port = 65536\n${tls()}[mtls_params]\nhost_port = -1\n`,
      problems: [
        'host_port: found 65536, expected an integer from 0 to 65535',
        'mtls_params.host_port: found -1, expected an integer from 0 to 65535',
      ],
    },
    {
      name: 'fractions, not numbers and infinity',
      toml: withRest('[oauth_params]\ncode_ttl_secs = 1.5\npar_ttl_secs = nan\nid_token_ttl_secs = inf\n'),
      problems: [
        'oauth_params.id_token_ttl_secs: found Infinity, expected an integer from 1 to 31536000',
        'oauth_params.code_ttl_secs: found 1.5, expected an integer from 1 to 600',
        'oauth_params.par_ttl_secs: found NaN, expected an integer from 5 to 600',
      ],
    },
    {
      name: 'an integer of more than 53 bits',
      toml: withRest('[database_params]\nmax_connections = 9223372036854775807\n'),
      problems: ['database_params.max_connections: found 9223372036854775807, expected an integer from 1 to 10000'],
    },
    {
      name: 'a time that no timer can wait',
      toml: withRest(
        '[stale_session_collector_config]\ncleanup_interval_seconds = 0\n[database_params]\nidle_timeout_secs = 2147484\n',
      ),
      problems: [
        'database_params.idle_timeout_secs: found 2147484, expected an integer from 1 to 2147483',
        'stale_session_collector_config.cleanup_interval_seconds: found 0, expected an integer from 1 to 2147483',
      ],
    },
    {
      name: 'a user name that is too long',
      toml: `${TOP}default_username = "${'x'.repeat(257)}"\n${tls()}`,
      problems: ['default_username: found one that is too long, expected a string that is not empty'],
    },
  ])
})

describe('configuration: a choice that there is not lists those that there are', () => {
  testBrokenFiles([
    {
      name: 'an algorithm',
      toml: withRest('[oauth_params]\ndefault_signing_alg = "none"\n'),
      problems: ['oauth_params.default_signing_alg: found "none", expected "ES256", "RS256", "PS256" or "EdDSA"'],
    },
    {
      name: 'a provider of signing keys',
      toml: withRest('[signing_keys_params]\nprovider = "vault_transit"\n'),
      problems: ['signing_keys_params.provider: found "vault_transit", expected "database"'],
    },
    {
      name: 'a backend, where a URL was put by mistake',
      toml: withRest(`[database_params]\nbackend = "postgresql://auth:${CANARY}@db/auth"\n`),
      problems: ['database_params.backend: found a string, expected "sqlite", "postgresql" or "mysql"'],
    },
    {
      name: 'a realm with other characters',
      toml: withRest('[oauth_params]\ndefault_realm = "a b"\n'),
      problems: ['oauth_params.default_realm: found "a b", expected 1 to 64 letters, digits, _ or -'],
    },
    {
      name: "the administrators' realm as the default one",
      toml: withRest('[oauth_params]\ndefault_realm = "_"\n'),
      problems: ['oauth_params.default_realm: found "_", expected a realm other than that of the administrators'],
    },
  ])
})

describe('configuration: keys that do not fit together', () => {
  testBrokenFiles([
    {
      name: 'RFC 9106 §3.1 – less memory than the lanes of a hash need',
      toml: withRest('[password_hashing_params]\nmemory_kib = 31\nparallelism = 4\n'),
      problems: ['password_hashing_params.memory_kib: found 31, expected at least 32, because parallelism is 4'],
    },
    {
      name: 'signing keys that would be replaced before they sign',
      toml: withRest('[signing_keys_params]\nrotation_interval_secs = 3600\nprepublish_secs = 3600\n'),
      problems: [
        'signing_keys_params.prepublish_secs: found 3600, expected less than rotation_interval_secs, which is 3600',
      ],
    },
    {
      name: 'one port for two listeners',
      toml: withRest('[mtls_params]\nhost_port = 8443\n'),
      problems: ['mtls_params.host_port: found 8443, expected another port than host_port'],
    },
  ])
})

describe('configuration: the first administrator', () => {
  testBrokenFiles([
    {
      name: 'a name without a password',
      toml: withRest(''),
      env: { APP_REALM_ADMIN_USERNAME: 'admin', APP_REALM_ADMIN_INITIAL_PASSWORD: '' },
      problems: [
        'APP_REALM_ADMIN_INITIAL_PASSWORD: found nothing, expected the environment variable to be set, because APP_REALM_ADMIN_USERNAME is',
      ],
    },
    {
      name: 'a password without a name',
      toml: withRest(''),
      env: { APP_REALM_ADMIN_INITIAL_PASSWORD: CANARY },
      problems: [
        'APP_REALM_ADMIN_USERNAME: found nothing, expected the environment variable to be set, because APP_REALM_ADMIN_INITIAL_PASSWORD is',
      ],
    },
  ])

  test('is taken from the environment when both are set', () => {
    const env = { APP_REALM_ADMIN_USERNAME: 'admin', APP_REALM_ADMIN_INITIAL_PASSWORD: CANARY }
    assert.deepEqual(load(withRest(''), env).initial_administrator, { username: 'admin', password: CANARY })
    assert.equal(load(withRest('')).initial_administrator, undefined)
  })
})

describe('configuration: a right file', () => {
  test('is frozen to its depths', () => {
    const config = load(withRest('[server_params]\nallowed_hosts = ["a.example"]\n'))
    assert.throws(() => Object.assign(config.oauth_params, { issuer: 'https://other' }), TypeError)
    assert.throws(() => (config.server_params.allowed_hosts as string[]).push('b.example'), TypeError)
    assert.throws(() => (config.hosts as string[]).push('b.example'), TypeError)
  })

  test('needs no more than the required keys', () => {
    const config = load(withRest(''))
    assert.equal(config.oauth_params.issuer, 'https://localhost:8443')
    assert.deepEqual(config.hosts, ['localhost:8443'])
    assert.deepEqual(config.warnings, [])
    assert.equal(config.log_params.pretty, false)
    assert.equal(config.asks_for_certificate, false)
    assert.match(config.pem.server_certificate, /^-----BEGIN CERTIFICATE-----/)
  })

  test('asks for client certificates where it names their authority, but only on their own port when there is one', () => {
    const withAuthority = `${TOP}${tls({ client_ca_cert_chain: files.root })}`
    assert.equal(load(withAuthority).asks_for_certificate, true)
    const config = load(`${withAuthority}[mtls_params]\nhost_port = 9443\n`)
    assert.equal(config.asks_for_certificate, false)
    assert.deepEqual(config.hosts, ['localhost:8443', 'localhost:9443'])
  })
})
