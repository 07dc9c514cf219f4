import 'reflect-metadata'
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, get } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { promisify } from 'node:util'
import * as x509 from '@peculiar/x509'
import { ensureCertificates } from '../../../src/cli/certificates.ts'
import { isDevelopmentCertificate } from '../../../src/config/certificate_chain.ts'

const run = promisify(execFile)
const MAIN = join(import.meta.dirname, '../../../src/main.ts')
const NOW = Date.UTC(2026, 5, 1)
const DAY_MS = 86_400_000

const root = mkdtempSync(join(tmpdir(), 'auth_server-certificates-'))
after(() => rmSync(root, { recursive: true, force: true }))

let count = 0
const fresh = (): string => join(root, String(++count))

const at = (now: number) => ({ now: () => now })
const text = (directory: string, name: string): string => readFileSync(join(directory, name), 'utf8')
const certificate = (directory: string, name: string) => new X509Certificate(text(directory, name))
const snapshot = (directory: string): Record<string, string> =>
  Object.fromEntries(readdirSync(directory).map((name) => [name, text(directory, name)]))

const ALL = [
  ...['ca.crt', 'ca.key', 'client.crt', 'client.key', 'encryption.key'],
  ...['server.crt', 'server.key', 'session_jwt.key', 'session_jwt.pub'],
]

/** Every certificate is of its key and of the authority that lies beside it. */
const assertConsistent = (directory: string): void => {
  assert.deepEqual(readdirSync(directory).sort(), ALL)
  const ca = certificate(directory, 'ca.crt')
  for (const name of ['ca', 'server', 'client']) {
    const issued = certificate(directory, `${name}.crt`)
    assert.ok(issued.checkPrivateKey(createPrivateKey(text(directory, `${name}.key`))), `${name}.crt is of ${name}.key`)
    assert.ok(issued.checkIssued(ca) && issued.verify(ca.publicKey), `${name}.crt is of ca.crt`)
    assert.ok(isDevelopmentCertificate(issued))
  }
  const publicKey: KeyObject = createPublicKey(text(directory, 'session_jwt.pub'))
  assert.ok(createPublicKey(text(directory, 'session_jwt.key')).equals(publicKey), 'session_jwt is a pair')
}

describe('development certificates', () => {
  test('nothing is made beside an authority of somebody else', async () => {
    const directory = fresh()
    mkdirSync(directory)
    writeFileSync(join(directory, 'ca.crt'), 'of somebody else')
    assert.deepEqual(await ensureCertificates(directory, at(NOW)), [
      'session_jwt.key',
      'session_jwt.pub',
      'encryption.key',
    ])
    assert.equal(text(directory, 'ca.crt'), 'of somebody else')
  })

  test('a server certificate that is not ours is kept, whatever becomes of the rest', async () => {
    const directory = fresh()
    mkdirSync(directory)
    writeFileSync(join(directory, 'server.crt'), 'of somebody else')
    const made = await ensureCertificates(directory, at(NOW))
    assert.ok(!made.includes('server.crt'))
    assert.equal(text(directory, 'server.crt'), 'of somebody else')
  })

  test('a key that is none is told by its name and not replaced', async () => {
    const directory = fresh()
    mkdirSync(directory)
    writeFileSync(join(directory, 'server.key'), 'canary-b7Qx')
    await assert.rejects(ensureCertificates(directory, at(NOW)), {
      message: 'server.key is no private key in PEM; remove it to have another made',
    })
    assert.equal(text(directory, 'server.key'), 'canary-b7Qx')
  })

  test('are made where there are none, with keys that only their owner can read', async () => {
    const directory = fresh()
    assert.deepEqual((await ensureCertificates(directory, at(NOW))).sort(), ALL)
    assertConsistent(directory)
    assert.equal(statSync(directory).mode & 0o777, 0o700)
    for (const name of ALL.filter((file) => file.endsWith('.key'))) {
      assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600, name)
      if (name === 'encryption.key') continue
      const { asymmetricKeyDetails } = createPrivateKey(text(directory, name))
      assert.equal(asymmetricKeyDetails?.namedCurve, 'prime256v1')
      assert.match(text(directory, name), /^-----BEGIN PRIVATE KEY-----/)
    }
  })

  test('the key for secrets in the database is 32 bytes as base64url, another one every time', async () => {
    const keys: string[] = []
    for (const directory of [fresh(), fresh()]) {
      await ensureCertificates(directory, at(NOW))
      keys.push(text(directory, 'encryption.key').trim())
    }
    assert.notEqual(keys[0], keys[1])
    for (const key of keys) assert.match(key, /^[A-Za-z0-9_-]{43}$/)
  })

  test('are for this machine, and for a client named development-client', async () => {
    const directory = fresh()
    await ensureCertificates(directory, at(NOW))
    const server = certificate(directory, 'server.crt')
    assert.equal(server.subjectAltName, 'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1')
    assert.deepEqual(server.keyUsage, ['1.3.6.1.5.5.7.3.1'])
    assert.equal(server.ca, false)
    const client = certificate(directory, 'client.crt')
    assert.equal(client.subject, 'CN=development-client')
    assert.deepEqual(client.keyUsage, ['1.3.6.1.5.5.7.3.2'])
    assert.equal(certificate(directory, 'ca.crt').ca, true)
  })

  test('RFC 5280 §4.1.2.2 – a serial number is positive and never the same', async () => {
    const directory = fresh()
    await ensureCertificates(directory, at(NOW))
    const numbers = ['ca', 'server', 'client'].map((name) => certificate(directory, `${name}.crt`).serialNumber)
    assert.equal(new Set(numbers).size, numbers.length)
    for (const number of numbers) assert.match(number, /^01[0-9A-F]{30}$/)
  })

  test('RFC 5280 §4.2.1 – extensions are critical where they must be, and name the keys', async () => {
    const directory = fresh()
    await ensureCertificates(directory, at(NOW))
    const extensionsOf = (name: string): string[] =>
      [...new x509.X509Certificate(text(directory, name)).extensions]
        .map(({ type, critical }) => `${type}${critical ? ' critical' : ''}`)
        .sort()
    const [constraints, usage] = ['2.5.29.19 critical', '2.5.29.15 critical']
    const [purposes, names, ownKey, issuerKey] = ['2.5.29.37', '2.5.29.17', '2.5.29.14', '2.5.29.35']
    assert.deepEqual(extensionsOf('ca.crt'), [ownKey, usage, constraints])
    assert.deepEqual(extensionsOf('server.crt'), [ownKey, usage, names, constraints, issuerKey, purposes])
    assert.deepEqual(extensionsOf('client.crt'), [ownKey, usage, constraints, issuerKey, purposes])
  })

  test('are kept when they are there', async () => {
    const directory = fresh()
    await ensureCertificates(directory, at(NOW))
    const before = snapshot(directory)
    assert.deepEqual(await ensureCertificates(directory, at(NOW + 300 * DAY_MS)), [])
    assert.deepEqual(snapshot(directory), before)
  })

  test('are made anew when they have expired, with the same keys', async () => {
    const directory = fresh()
    await ensureCertificates(directory, at(NOW))
    const before = snapshot(directory)
    assert.deepEqual(await ensureCertificates(directory, at(NOW + 398 * DAY_MS)), ['server.crt', 'client.crt'])
    assertConsistent(directory)
    assert.deepEqual(await ensureCertificates(directory, at(NOW + 3_651 * DAY_MS)), [
      'ca.crt',
      'server.crt',
      'client.crt',
    ])
    assertConsistent(directory)
    for (const name of ALL.filter((file) => file.endsWith('.key'))) assert.equal(text(directory, name), before[name])
  })

  for (const lost of ALL) {
    test(`fit together again when ${lost} was lost`, async () => {
      const directory = fresh()
      await ensureCertificates(directory, at(NOW))
      rmSync(join(directory, lost))
      const made = await ensureCertificates(directory, at(NOW))
      assert.ok(made.includes(lost))
      assertConsistent(directory)
    })
  }

  test('are one set, whole, when ten callers make them at once', async () => {
    const directory = fresh()
    const made = await Promise.all(Array.from({ length: 10 }, () => ensureCertificates(directory, at(NOW))))
    assert.deepEqual(made.flat().sort(), ALL, 'each file was made once')
    assertConsistent(directory)
  })

  test('are one set when ten callers make them anew at once', async () => {
    const directory = fresh()
    await ensureCertificates(directory, at(NOW))
    await Promise.all(Array.from({ length: 10 }, () => ensureCertificates(directory, at(NOW + 3_651 * DAY_MS))))
    assertConsistent(directory)
  })

  test('are one set, whole, when ten processes make them at once; one line tells what each made', async () => {
    const directory = fresh()
    const outputs = await Promise.all(
      Array.from({ length: 10 }, () => run(process.execPath, [MAIN, 'certificates', directory])),
    )
    assertConsistent(directory)
    const made = outputs.flatMap(({ stdout }) => /: (.*)\n$/.exec(stdout)?.[1]?.split(', ') ?? [])
    assert.deepEqual(made.sort(), ALL)
    for (const { stdout, stderr } of outputs) {
      assert.ok(stdout.split('\n').length <= 2)
      assert.equal(stderr, '')
    }
  })

  test('let a client that trusts ca.crt connect by each name of this machine', async (t) => {
    const directory = fresh()
    await ensureCertificates(directory, at(Date.now()))
    const server = createServer(
      {
        key: text(directory, 'server.key'),
        cert: text(directory, 'server.crt'),
        ca: text(directory, 'ca.crt'),
        requestCert: true,
      },
      (_request, response) => response.end('ok'),
    )
    t.after(() => server.close())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const call = (servername: string, ca: string | undefined) =>
      new Promise((resolve, reject) => {
        const credentials = { cert: text(directory, 'client.crt'), key: text(directory, 'client.key') }
        get({ host: '127.0.0.1', port, servername, ca, agent: false, ...credentials }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode))
        }).on('error', reject)
      })
    await assert.rejects(call('localhost', undefined), /certificate/)
    await assert.rejects(call('example.com', text(directory, 'ca.crt')), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    assert.equal(await call('localhost', text(directory, 'ca.crt')), 200)
  })
})
