/** RFC 9325 (BCP 195) – what a raw TLS client is able to agree on with the server. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { connect, createServer, getCiphers, type SecureVersion, type Server, type TLSSocket } from 'node:tls'
import { startServer, type TestServer, testCertificates } from '../../support/server.ts'

type Offer = { minVersion?: SecureVersion; maxVersion?: SecureVersion; ciphers?: string; ALPNProtocols?: string[] }
type Agreed = { protocol: string; suite: string; alpn: string | false }

const RECOMMENDED = ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384']

let server: TestServer
let ca: string
/** What a careless server would look like: the probes below have to get in here. */
let careless: Server

before(async () => {
  server = await startServer()
  const pem = await testCertificates()
  ca = readFileSync(pem.authority, 'utf8')
  careless = createServer({
    key: readFileSync(pem.key),
    cert: readFileSync(pem.certificate),
    minVersion: 'TLSv1',
    ciphers: 'ALL:@SECLEVEL=0',
  })
  careless.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => careless.listen(0, '127.0.0.1', resolve))
})
after(async () => {
  await new Promise((resolve) => careless.close(resolve))
  await server.close()
})

const mainPort = (): number => Number(new URL(server.issuer).port)
const carelessPort = (): number => (careless.address() as AddressInfo).port

/** What was agreed; undefined when the handshake failed. */
const shake = (port: number, offer: Offer): Promise<Agreed | undefined> =>
  new Promise((resolve) => {
    const socket: TLSSocket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca, ...offer })
    socket.once('secureConnect', () => {
      resolve({
        protocol: socket.getProtocol() ?? '',
        suite: socket.getCipher().name.toUpperCase(),
        alpn: socket.alpnProtocol ?? false,
      })
      socket.destroy()
    })
    socket.once('error', () => resolve(undefined))
    socket.once('close', () => resolve(undefined))
  })

const exactly = (version: SecureVersion): Offer => ({
  minVersion: version,
  maxVersion: version,
  ciphers: 'ALL:@SECLEVEL=0',
})

describe('T-MT-05 RFC 9325 §3.1.1 – a handshake is refused', () => {
  for (const version of ['TLSv1', 'TLSv1.1'] as const)
    test(`with ${version}, which this very probe is able to speak`, async () => {
      assert.equal((await shake(carelessPort(), exactly(version)))?.protocol, version)
      assert.equal(await shake(mainPort(), exactly(version)), undefined)
    })
})

test('RFC 9325 §4.2 – with TLS 1.2 every suite is refused but ECDHE with AES-GCM', async () => {
  const accepted: string[] = []
  let spoken = 0
  for (const name of getCiphers().filter((cipher) => !cipher.startsWith('tls_'))) {
    const offer: Offer = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: `${name.toUpperCase()}:@SECLEVEL=0` }
    // Some suites need a key of another kind, or a secret that both sides know.
    const found = await shake(carelessPort(), offer).catch(() => undefined)
    if (found) spoken += 1
    const agreed = found && (await shake(mainPort(), offer))
    if (agreed) accepted.push(agreed.suite)
  }
  assert.ok(spoken > RECOMMENDED.length, `the probe speaks other suites too: ${spoken}`)
  assert.deepEqual(accepted.sort(), RECOMMENDED)
})

test('RFC 9325 §3.1.1 – who is able to speak TLS 1.3 does', async () => {
  const agreed = await shake(mainPort(), { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' })
  assert.equal(agreed?.protocol, 'TLSv1.3')
})

test('RFC 7301 §3.2 – HTTP/2 and HTTP/1.1 are agreed on by name, and nothing else', async () => {
  assert.equal((await shake(mainPort(), { ALPNProtocols: ['h2', 'http/1.1'] }))?.alpn, 'h2')
  assert.equal((await shake(mainPort(), { ALPNProtocols: ['http/1.1'] }))?.alpn, 'http/1.1')
  assert.equal(await shake(mainPort(), { ALPNProtocols: ['spdy/3'] }), undefined)
})

test('T-HT-04 – a name that is none of ours in the handshake breaks nothing', async () => {
  for (const servername of ['evil.example', 'a'.repeat(63), 'xn--nxasmq6b.example', 'localhost.localhost']) {
    const offer = { servername, checkServerIdentity: () => undefined }
    assert.notEqual(await shake(mainPort(), offer as Offer), undefined)
  }
  assert.equal((await server.request('GET', '/live')).status, 200)
})
