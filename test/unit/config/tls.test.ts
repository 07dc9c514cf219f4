import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { load, TOP, testBrokenFiles, tls } from './broken.ts'
import { files } from './pki.ts'

const KEY = 'an EC (P-256, P-384, P-521) or RSA (2048 bits or more) private key in PKCS#8 PEM'
const SESSION_KEY = 'an EC P-256 private key in PEM'
const SESSION_PUBLIC_KEY = 'an EC P-256 public key in PEM'

const serverKey = (name: string, file: string, found: string) => ({
  name,
  toml: `${TOP}${tls({ server_private_key: file })}`,
  problems: [`tls_params.server_private_key: found ${found}, expected ${KEY}`],
})

describe('configuration: a server key that cannot be used', () => {
  testBrokenFiles([
    serverKey('a file that is not there', 'nowhere/server.key', 'no file there ("nowhere/server.key")'),
    serverKey('a directory', '/', 'a directory ("/")'),
    serverKey('an empty file', files.empty, 'no PEM'),
    serverKey('a file without text', files.binary, `bytes that are no UTF-8 text (${JSON.stringify(files.binary)})`),
    serverKey('a file without end', '/dev/zero', 'a file of more than 1048576 bytes ("/dev/zero")'),
    serverKey('a path with a NUL character', 'a\0b', 'a path with a NUL character'),
    serverKey('the certificate instead', files.serverChain, 'PEM of CERTIFICATE'),
    serverKey('RFC 5958 §2 – a key in the older form of EC keys', files.sec1Key, 'PEM of EC PRIVATE KEY'),
    serverKey('a key behind a passphrase', files.encryptedKey, 'PEM of ENCRYPTED PRIVATE KEY'),
    serverKey('a key that is no key', files.brokenKey, 'a key that cannot be read'),
    serverKey('a key that is cut off', files.cutKey, 'no PEM'),
    serverKey('two keys', files.twoKeys, '2 keys'),
    serverKey('RFC 9325 §4.5 – an RSA key that is too small', files.smallRsaKey, 'an RSA key of 1024 bits'),
    serverKey('a curve that TLS has not', files.bitcoinKey, 'an EC key (secp256k1)'),
    serverKey('another algorithm', files.ed25519Key, 'a key of type ed25519'),
    serverKey(
      'the key itself where its path belongs',
      '-----BEGIN PRIVATE KEY-----\ncanary-b7Qx\n-----END PRIVATE KEY-----',
      'no file there',
    ),
  ])
})

const certificate = (name: string, file: string, ...problems: string[]) => ({
  name,
  toml: `${TOP}${tls({ server_certificate: file })}`,
  problems: problems.map((problem) => `tls_params.server_certificate: found ${problem}`),
})

const LEAF_FIRST = 'expected the leaf first and after each certificate its issuer'

describe('configuration: a server certificate that cannot be used', () => {
  testBrokenFiles([
    certificate('a file that is not there', 'x.crt', 'no file there ("x.crt"), expected certificates in PEM'),
    certificate('the key instead', files.serverKey, 'PEM of PRIVATE KEY, expected certificates in PEM'),
    certificate('no certificate', files.brokenChain, 'a certificate that cannot be read, expected certificates in PEM'),
    certificate(
      'of another key',
      files.otherChain,
      'a certificate of another key, expected the one of server_private_key',
    ),
    certificate(
      'RFC 8446 §4.4.2 – the leaf is not the first',
      files.reversedChain,
      'the certificate of server_private_key at place 2, expected the leaf first',
    ),
    certificate(
      'RFC 8446 §4.4.2 – the next one is not the issuer',
      files.gapChain,
      `certificate 2, which did not issue certificate 1, ${LEAF_FIRST}`,
    ),
    certificate(
      'RFC 5280 §4.1.2.5 – expired',
      files.expiredChain,
      'a certificate that expired on 2025-01-01, expected a valid one',
    ),
    certificate(
      'RFC 5280 §4.1.2.5 – not valid yet',
      files.futureChain,
      'a certificate that is not valid before 2040-01-01, expected a valid one',
    ),
    certificate(
      'RFC 5280 §4.2.1.12 – for clients only',
      files.clientChain,
      'a certificate whose extended key usage does not include serverAuth, expected one for a TLS server',
    ),
    {
      name: 'without a DNS name for the issuer',
      toml: `${TOP}${tls({ server_certificate: files.wildcardChain })}`,
      problems: [
        'oauth_params.issuer: found nothing, expected https://host, https://host:port or https://host/path in its one spelling, because server_certificate has no DNS name to take it from',
      ],
    },
    {
      name: 'trust anchors: missing, expired, or a key',
      toml: `${TOP}${tls({ server_ca_chain: files.expiredRoot, client_ca_cert_chain: files.otherPublicKey })}`,
      problems: [
        'tls_params.server_ca_chain: found only certificates that have expired (the last on 2025-01-01), expected a valid one',
        'tls_params.client_ca_cert_chain: found PEM of PUBLIC KEY, expected certificates in PEM',
      ],
    },
  ])
})

const sessionKeys = (privateKey: string, publicKey: string): string =>
  `${TOP}${tls()}[session_jwt_params]\njwt_ec_private_key = ${JSON.stringify(privateKey)}\njwt_ec_public_key = ${JSON.stringify(publicKey)}\n`

describe('configuration: session keys', () => {
  testBrokenFiles([
    {
      name: 'RFC 7518 §3.4 – without a table the TLS key must be EC P-256',
      toml: `${TOP}${tls({ server_private_key: files.rsaKey, server_certificate: files.rsaChain })}`,
      problems: [
        'session_jwt_params: found nothing, expected a table with jwt_ec_private_key and jwt_ec_public_key, because tls_params.server_private_key is an RSA key of 2048 bits and session JWTs need EC P-256',
      ],
    },
    {
      name: 'RFC 7518 §3.4 – another curve',
      toml: sessionKeys(files.p384Key, files.p384PublicKey),
      problems: [
        `session_jwt_params.jwt_ec_private_key: found an EC key (secp384r1), expected ${SESSION_KEY}`,
        `session_jwt_params.jwt_ec_public_key: found an EC key (secp384r1), expected ${SESSION_PUBLIC_KEY}`,
      ],
    },
    {
      name: 'a pair that does not belong together',
      toml: sessionKeys(files.sessionKey, files.otherPublicKey),
      problems: [
        'session_jwt_params.jwt_ec_public_key: found the public key of another pair, expected the one that belongs to jwt_ec_private_key',
      ],
    },
    {
      name: 'private and public exchanged',
      toml: sessionKeys(files.sessionPublicKey, files.sessionKey),
      problems: [
        `session_jwt_params.jwt_ec_private_key: found PEM of PUBLIC KEY, expected ${SESSION_KEY}`,
        `session_jwt_params.jwt_ec_public_key: found PEM of PRIVATE KEY, expected ${SESSION_PUBLIC_KEY}`,
      ],
    },
  ])

  test('come from their table, or else from the TLS key', () => {
    const own = load(sessionKeys(files.sessionKey, files.sessionPublicKey))
    assert.notEqual(own.pem.session_jwt_private_key, own.pem.server_private_key)
    assert.match(own.pem.session_jwt_public_key, /^-----BEGIN PUBLIC KEY-----/)
    const shared = load(`${TOP}${tls()}`)
    assert.equal(shared.pem.session_jwt_private_key, shared.pem.server_private_key)
  })

  test('may be in the older form of EC keys', () => {
    const config = load(sessionKeys(files.sec1Key, files.serverPublicKey))
    assert.match(config.pem.session_jwt_private_key, /^-----BEGIN PRIVATE KEY-----/)
  })

  test('an RSA key for TLS is right when they have their own', () => {
    const changes = { server_private_key: files.rsaKey, server_certificate: files.rsaChain }
    const config = load(sessionKeys(files.sessionKey, files.sessionPublicKey).replace(tls(), tls(changes)))
    assert.match(config.pem.server_private_key, /^-----BEGIN PRIVATE KEY-----/)
  })
})

describe('configuration: cipher suites', () => {
  const SUITES = 'expected names of cipher suites, separated by colons'
  const withSuites = (suites: string): string => `${TOP}${tls({ tls_cipher_suites: suites })}`

  testBrokenFiles([
    {
      name: 'names that are not known, each of them',
      toml: withSuites('TLS_AES_128_GCM_SHA265:ECDHE-RSA-RC4-SHA:aNULL'),
      problems: [
        `tls_params.tls_cipher_suites: found "TLS_AES_128_GCM_SHA265", which is not known, ${SUITES}; did you mean TLS_AES_128_GCM_SHA256?`,
        `tls_params.tls_cipher_suites: found "ECDHE-RSA-RC4-SHA", which is not known, ${SUITES}`,
        `tls_params.tls_cipher_suites: found "aNULL", which is not known, ${SUITES}`,
      ],
    },
    {
      name: 'a rule instead of a name',
      toml: withSuites('ALL:!RC4'),
      problems: [
        `tls_params.tls_cipher_suites: found "ALL", which is not known, ${SUITES}`,
        `tls_params.tls_cipher_suites: found a name with other characters, which is not known, ${SUITES}`,
      ],
    },
    {
      name: 'an empty name',
      toml: withSuites('TLS_AES_128_GCM_SHA256:'),
      problems: [`tls_params.tls_cipher_suites: found a name with other characters, which is not known, ${SUITES}`],
    },
  ])

  test('RFC 9325 §4.2 – by default TLS 1.3, and of TLS 1.2 the four recommended suites', () => {
    const { minVersion, ciphers } = load(`${TOP}${tls()}`).tls
    assert.equal(minVersion, 'TLSv1.2')
    assert.deepEqual(
      ciphers.split(':').filter((name) => !name.startsWith('TLS_')),
      [
        'ECDHE-ECDSA-AES128-GCM-SHA256',
        'ECDHE-RSA-AES128-GCM-SHA256',
        'ECDHE-ECDSA-AES256-GCM-SHA384',
        'ECDHE-RSA-AES256-GCM-SHA384',
      ],
    )
    assert.equal(ciphers.split(':').length, 7)
  })

  test('only names of TLS 1.3 make it the minimum', () => {
    assert.deepEqual(load(withSuites('TLS_AES_256_GCM_SHA384:tls_chacha20_poly1305_sha256')).tls, {
      minVersion: 'TLSv1.3',
      ciphers: 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256',
    })
    assert.equal(load(withSuites('TLS_AES_256_GCM_SHA384:ECDHE-RSA-AES128-GCM-SHA256')).tls.minVersion, 'TLSv1.2')
  })

  test('RFC 9325 §4.2 – a suite without forward secrecy is a warning', () => {
    assert.deepEqual(load(withSuites('TLS_AES_256_GCM_SHA384:AES128-GCM-SHA256')).warnings, [
      'tls_params.tls_cipher_suites: AES128-GCM-SHA256: without forward secrecy or authenticated encryption (RFC 9325 §4.2)',
    ])
  })
})

describe('configuration: warnings about files', () => {
  test('a key that others can read', () => {
    assert.deepEqual(load(`${TOP}${tls({ server_private_key: files.exposedKey })}`).warnings, [
      'tls_params.server_private_key: others than its owner can read the file (mode 0600 would prevent it)',
    ])
  })

  test('trust anchors that have not issued the chain', () => {
    const certificateOfOther = `${TOP}${tls({ server_ca_chain: files.otherChain })}`
    assert.deepEqual(load(certificateOfOther).warnings, [
      'tls_params.server_ca_chain: no certificate there has issued the last one of server_certificate',
    ])
  })
})
