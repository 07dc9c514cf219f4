/** RFC 6066 §3 and RFC 7301 §3.1 – what a client may say before it is anybody: names of servers and of protocols. */
import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { type ConnectionOptions, connect } from 'node:tls'
import { type CertificateServer, startCertificateServer } from '../../support/client_certificates.ts'

const ROUNDS = 500
const AT_A_TIME = 20

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789-._*%/\\\0 \u00e9\u{1f98a}'

const randomText = (length: number): string =>
  Array.from({ length }, () => [...LETTERS][randomInt([...LETTERS].length)]).join('')

/** Of every length that the extension can have, and of nothing. */
const randomName = (): string => {
  const lengths = [0, 1, 63, 64, 253, 254, 255]
  return randomText(lengths[randomInt(lengths.length)] ?? 0) || 'x'
}

/** As they are on the wire: each with its length before it, which may be 0. */
const randomProtocols = (): Buffer =>
  Buffer.concat(
    Array.from({ length: randomInt(1, 20) }, () => {
      const name = randomBytes(randomInt(0, 255))
      return Buffer.concat([Buffer.from([name.length]), name])
    }),
  )

describe('hostile handshakes', () => {
  let stage: CertificateServer
  before(async () => {
    stage = await startCertificateServer('own')
  })
  after(() => stage.close())

  /** Whether the handshake came to an end, one way or the other. */
  const shake = (port: number, options: ConnectionOptions): Promise<'agreed' | 'refused'> =>
    new Promise((resolve, reject) => {
      try {
        const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options }, () => {
          resolve('agreed')
          socket.destroy()
        })
        socket.once('error', () => resolve('refused'))
        socket.once('close', () => resolve('refused'))
      } catch (error) {
        // What this machine's own library does not send.
        if ((error as NodeJS.ErrnoException).code?.startsWith('ERR_')) resolve('refused')
        else reject(error)
      }
    })

  for (const which of ['main', 'own'] as const)
    test(`T-MT-07 RFC 6066 §3 and RFC 7301 §3.2 – ${ROUNDS} random names of servers and protocols on the ${which} port: an end each, and the server is well`, async () => {
      const port = which === 'main' ? stage.server.prepared.port : stage.port
      const ends: string[] = []
      for (let round = 0; round < ROUNDS; round += AT_A_TIME)
        ends.push(
          ...(await Promise.all(
            Array.from({ length: AT_A_TIME }, (_, index) =>
              shake(port, {
                servername: randomName(),
                ...(index % 2 === 0 ? { ALPNProtocols: randomProtocols() } : {}),
                ...(index % 3 === 0 ? { maxVersion: 'TLSv1.2' as const } : {}),
              }),
            ),
          )),
        )
      assert.equal(ends.length, ROUNDS)
      assert.ok(ends.includes('agreed'), 'some of them are no reason to refuse')
      assert.ok(ends.includes('refused'), 'a protocol that nobody speaks is')
      assert.equal((await stage.server.request('GET', '/live')).status, 200)
      assert.equal((await stage.request('GET', '/live')).status, 200)
      assert.doesNotMatch(stage.server.logs.join(''), /"level":[56]0/)
    })
})
