/** F-19 – the certificate of the server comes to its end: it is told in time, and nothing pretends to be well afterwards. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createMovedClock, type MovedClock, skipWithoutFaketime } from '../support/faketime.ts'
import { type OwnCertificates, prepareOwnCertificates } from '../support/own_certificates.ts'
import { until } from '../support/patience.ts'
import { type ServerProcess, startServerProcess } from '../support/server.ts'

const DAY = 86_400
const LIFE_DAYS = 90

describe('a certificate that expires', { skip: skipWithoutFaketime() }, () => {
  let own: OwnCertificates
  let clock: MovedClock
  let server: ServerProcess

  before(async () => {
    own = await prepareOwnCertificates()
    own.install(await own.issue([-1, LIFE_DAYS]))
    clock = createMovedClock(own.prepared.folder)
    server = await startServerProcess({ prepared: own.prepared, processEnv: clock.processEnv })
  })
  after(async () => {
    await server?.close()
    await own?.remove()
  })

  type Ready = { status: number; checks: Record<string, string> }

  const ready = async (): Promise<Ready> => {
    const answer = await server.request('GET', '/ready')
    return { status: answer.status, checks: answer.json<{ checks: Record<string, string> }>().checks }
  }

  /** Every time that a line said how many days are left. */
  const told = (): number[] => [...server.output().matchAll(/"days_left":(\d+)/g)].map(([, days]) => Number(days))

  test('F-19 – 30, 7 and 1 days before its end one line says so, and no more than one', async () => {
    assert.equal((await ready()).checks.certificate, 'ok')
    assert.deepEqual(told(), [])
    for (const [index, daysLeft] of [29, 6, 0].entries()) {
      clock.set((LIFE_DAYS - daysLeft) * DAY - DAY / 2)
      await until('a line', async () => (await ready()).status === 200 && told().length === index + 1)
      assert.equal(told().at(-1), daysLeft)
      assert.equal((await ready()).status, 200)
      assert.equal(told().length, index + 1)
    }
  })

  test('F-19 – once it is over the server goes on answering, and says that it is not ready', async () => {
    clock.set((LIFE_DAYS + 1) * DAY)
    await until('not ready', async () => (await ready()).status === 503)
    assert.equal((await ready()).checks.certificate, 'expired')
    assert.match(server.output(), /"level":50[^\n]*has expired/)
    assert.equal((await server.request('GET', '/live')).status, 200)
  })

  test('F-19 – a certificate that is over as well is not taken, and a good one makes it ready again', async () => {
    own.install(await own.issue([-1, LIFE_DAYS]))
    await until('a refusal', () => /not reloaded/.test(server.output()))
    assert.equal((await ready()).status, 503)
    own.install(await own.issue([-1, 2 * LIFE_DAYS + 60]))
    await until('ready again', async () => (await ready()).status === 200)
  })
})
