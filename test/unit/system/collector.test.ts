import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createSessions } from '../../../src/sessions/sessions.ts'
import { type CollectorParams, startCollector } from '../../../src/system/collector.ts'
import { createLog } from '../../../src/system/log.ts'
import { systemRandom } from '../../../src/system/random.ts'
import {
  createManualClock,
  freshHash,
  nobodyToTell,
  SECOND,
  START,
  sampleSession,
} from '../../contract/sessions/samples.ts'
import { stores } from '../../contract/sessions/stores.ts'

const INTERVAL_SECONDS = 0.005

const logInto = (lines: string[]): CollectorParams['log'] =>
  createLog({ level: 'debug', pretty: false }, { write: (line) => void lines.push(line) })

/** Until something that has to happen has happened. */
const until = async (isDone: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await isDone())) await delay(1)
}

test('sessions that are over leave the store in the course of time, however many they are, and live ones stay', async (t) => {
  const sqlite = stores().find(({ name }) => name === 'sqlite')
  assert.ok(sqlite)
  const sessionStore = await sqlite.open()
  t.after(() => sessionStore.close())
  const clock = createManualClock()
  const sessions = createSessions({ sessionStore, sessionEnds: nobodyToTell, clock, random: systemRandom })
  const live = sampleSession()
  await sessionStore.insert(live, freshHash())
  for (let count = 0; count < 1_100; count += 1)
    await sessionStore.insert(sampleSession({ realmId: live.realmId, idleExpiresAt: START + SECOND }), freshHash())

  clock.advance(SECOND)
  const collector = startCollector({
    what: 'sessions',
    removeBatch: sessions.removeExpiredBatch,
    log: logInto([]),
    intervalSeconds: INTERVAL_SECONDS,
  })
  t.after(() => collector.stop())
  await until(async () => (await sessionStore.list(live.realmId, { limit: 2_000 }, START)).items.length === 1)
  assert.deepEqual(await sessionStore.find(live.sessionId, clock.now()), live)
})

test('one run ends before the next begins, and stopping waits for the one that is under way', async () => {
  let running = 0
  let most = 0
  let runs = 0
  const removeBatch = async (): Promise<number> => {
    runs += 1
    running += 1
    most = Math.max(most, running)
    await delay(20)
    running -= 1
    return 0
  }
  const collector = startCollector({
    what: 'sessions',
    removeBatch,
    log: logInto([]),
    intervalSeconds: INTERVAL_SECONDS,
  })
  await until(() => runs === 3 && running === 1)
  await collector.stop()
  assert.equal(running, 0)
  assert.equal(most, 1)
  await delay(30)
  assert.equal(runs, 3)
})

test('stopping ends a run between two batches', async () => {
  let batches = 0
  const collector = startCollector({
    what: 'sessions',
    removeBatch: async () => {
      batches += 1
      return 1
    },
    log: logInto([]),
    intervalSeconds: INTERVAL_SECONDS,
  })
  await until(() => batches > 2)
  await collector.stop()
  const known = batches
  await delay(20)
  assert.equal(batches, known)
})

test('an outage of the store is told once, and its end is told as well', async () => {
  const lines: string[] = []
  let runs = 0
  const removeBatch = async (): Promise<number> => {
    runs += 1
    if (runs <= 4) throw new Error('the store is away')
    return 0
  }
  const collector = startCollector({
    what: 'sessions',
    removeBatch,
    log: logInto(lines),
    intervalSeconds: INTERVAL_SECONDS,
  })
  await until(() => runs >= 7)
  await collector.stop()
  const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg)
  assert.deepEqual(messages, ['sessions: could not be worked off', 'sessions: worked off again'])
})

test('a collector that was never due stops at once', async () => {
  const collector = startCollector({
    what: 'sessions',
    removeBatch: () => assert.fail('it was not due'),
    log: logInto([]),
    intervalSeconds: 3_600,
  })
  await collector.stop()
})
