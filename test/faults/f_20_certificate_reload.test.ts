/** F-20 – certificates are replaced under load, rightly and wrongly: no handshake fails, and none shows what was never whole. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { getOver } from '../support/kept_connection.ts'
import { type OwnCertificates, prepareOwnCertificates, replaceFile, shownSerial } from '../support/own_certificates.ts'
import { until } from '../support/patience.ts'
import type { Issued } from '../support/pki.ts'
import { type ServerProcess, startServerProcess } from '../support/server.ts'

const LANES = 4

describe('certificates that are replaced under load', () => {
  let own: OwnCertificates
  let server: ServerProcess

  before(async () => {
    own = await prepareOwnCertificates()
    server = await startServerProcess({ prepared: own.prepared })
  })
  after(async () => {
    await server?.close()
    await own?.remove()
  })

  const count = (message: RegExp): number => (server.output().match(message) ?? []).length

  /** A client that makes a handshake after another; rejects with the first that fails. */
  const shakeHands = async (seen: Set<string>, goesOn: () => boolean): Promise<number> => {
    let handshakes = 0
    for (; goesOn(); handshakes++) seen.add(await shownSerial(own.prepared))
    return handshakes
  }

  const swapBySignal = async (issued: Issued): Promise<void> => {
    own.install(issued)
    server.child.kill('SIGHUP')
    const wanted = issued.certificate.serialNumber
    await until('the certificate', async () => (await shownSerial(own.prepared)) === wanted)
  }

  for (const [swaps, length] of [
    [20, 'quick'],
    [100, 'long'],
  ] as const)
    test(`F-20 – ${swaps} swaps: no handshake fails, and a connection that was open stays (${length})`, async (t) => {
      const installed = new Set([await shownSerial(own.prepared)])
      const seen = new Set<string>()
      let isOver = false
      const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: own.prepared.ca })
      t.after(() => agent.destroy())
      const kept = await getOver(agent, server.url('/live'))
      const lanes = Array.from({ length: LANES }, () => shakeHands(seen, () => !isOver))
      const failed = Promise.race(lanes.map((lane) => lane.then(() => undefined)))
      for (let swap = 0; swap < swaps; swap++) {
        const issued = await own.issue()
        installed.add(issued.certificate.serialNumber)
        await Promise.race([swapBySignal(issued), failed])
        assert.equal(await getOver(agent, server.url('/live')), kept, 'the same connection')
      }
      isOver = true
      const handshakes = (await Promise.all(lanes)).reduce((sum, lane) => sum + lane, 0)
      t.diagnostic(`${handshakes} handshakes, ${seen.size} certificates seen`)
      assert.ok(handshakes > swaps)
      assert.deepEqual(
        [...seen].filter((serial) => !installed.has(serial)),
        [],
      )
    })

  const broken: [string, (issued: Issued) => void][] = [
    ['a certificate of another key', ({ pem }) => replaceFile(own.certificate, pem)],
    ['an empty file', () => replaceFile(own.certificate, '')],
    ['half a certificate', ({ pem }) => replaceFile(own.certificate, pem.slice(0, pem.length / 2))],
    ['a key that is none', () => replaceFile(own.key, 'no key')],
    ['a key of another certificate', ({ keyPem }) => replaceFile(own.key, keyPem, 0o600)],
  ]
  for (const [index, [what, breakIt]] of broken.entries())
    test(`F-20 – ${what} is not taken: the old one stays, and a line says why (${index < 2 ? 'quick' : 'long'})`, async () => {
      const before = await shownSerial(own.prepared)
      const refusals = count(/not reloaded/g)
      breakIt(await own.issue())
      await until('a refusal', () => count(/not reloaded/g) > refusals)
      assert.equal(await shownSerial(own.prepared), before)
      const next = await own.issue()
      own.install(next)
      await until('a good one again', async () => (await shownSerial(own.prepared)) === next.certificate.serialNumber)
    })

  test('F-20 – a file that is written slowly, in place, is taken once it is whole', async () => {
    const next = await own.issue()
    replaceFile(own.key, next.keyPem, 0o600)
    const half = next.pem.length / 2
    writeFileSync(own.certificate, next.pem.slice(0, half))
    await delay(100)
    writeFileSync(own.certificate, next.pem.slice(half), { flag: 'a' })
    await until('the certificate', async () => (await shownSerial(own.prepared)) === next.certificate.serialNumber)
  })
})
