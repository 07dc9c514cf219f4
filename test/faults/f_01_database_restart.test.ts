/**
 * F-1 – PostgreSQL restarts as after a crash, again and again, while clients redeem and refresh. Afterwards the log of the clients
 * is compared with the database: what was answered is there, and what is there was answered or its answer was lost on the way.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { sha256 } from '../../src/system/hashing.ts'
import { CODE_VERIFIER } from '../support/authorization.ts'
import type { Answer } from '../support/client.ts'
import { addRushActors, issueCode, openRushStore, REALM, type RushStore, rushClient } from '../support/code_rush.ts'
import { type OwnPostgresql, skipWithoutPrograms, startPostgresql } from '../support/engines.ts'
import { until } from '../support/patience.ts'
import { type Prepared, prepareServer, type ServerProcess, startServerProcess } from '../support/server.ts'

const LANES = 8
const CODES_OF_A_LANE = 4

/** What a client did, what it was told last, and whether it ever heard nothing certain. */
type Lane = { code: string; authorizationId: string; known: string | undefined; isUnsure: boolean; refreshes: number }

const refreshTokenOf = (answer: Answer): string => answer.json<{ refresh_token: string }>().refresh_token

describe('PostgreSQL restarts under load', { skip: skipWithoutPrograms('postgres', 'initdb') }, () => {
  let database: OwnPostgresql
  let prepared: Prepared
  let server: ServerProcess
  let rush: RushStore

  before(async () => {
    database = await startPostgresql()
    prepared = await prepareServer({ database: 'postgresql', databaseUrl: database.url })
    server = await startServerProcess({ prepared })
    rush = openRushStore('postgresql', database.url)
    await addRushActors(rush)
  })
  after(async () => {
    await server?.close()
    await rush?.close()
    await prepared?.remove()
    await database?.close()
  })

  /** while the database is away the answer is 503 and nothing else. */
  const isAway = (answer: Answer): boolean => {
    if (answer.status !== 503) return false
    assert.match(answer.headers['retry-after'] ?? '', /^\d+$/)
    assert.doesNotMatch(answer.body, /token/)
    return true
  }

  const step = async (lane: Lane): Promise<void> => {
    const answer =
      lane.known === undefined
        ? await server.oauth.redeem(rushClient, lane.code, CODE_VERIFIER)
        : await server.oauth.refresh(rushClient, lane.known)
    if (isAway(answer)) {
      // The commit may have been the last thing that happened.
      lane.isUnsure = true
      await delay(20)
    } else if (answer.status === 200) {
      lane.known = refreshTokenOf(answer)
      lane.refreshes += 1
    } else {
      // A code whose answer was lost is used, and a token whose answer was lost may be out of its grace: never without that.
      assert.ok(lane.isUnsure, `${answer.status} ${answer.body}`)
      assert.equal(answer.json().error, 'invalid_grant')
      throw new LaneLost()
    }
  }

  class LaneLost extends Error {}

  const work = async (lanes: Lane[], goesOn: () => boolean): Promise<void> => {
    while (goesOn()) {
      for (const lane of lanes) {
        if (!goesOn()) return
        try {
          await step(lane)
        } catch (error) {
          if (!(error instanceof LaneLost)) throw error
          lanes.splice(lanes.indexOf(lane), 1)
        }
      }
      await delay(1)
    }
  }

  const issueLanes = async (count: number): Promise<Lane[]> => {
    const lanes: Lane[] = []
    while (lanes.length < count)
      lanes.push({ ...(await issueCode(rush)), known: undefined, isUnsure: false, refreshes: 0 })
    return lanes
  }

  const reconcile = async (lane: Lane): Promise<void> => {
    const realm = rush.store.realm(REALM)
    const code = await realm.authorizationCodes.find(sha256(lane.code))
    const family = await realm.refreshFamilies.find(lane.authorizationId)
    assert.equal(code?.usedAt !== undefined, family !== undefined, 'a code is used exactly when its tokens are there')
    if (lane.known === undefined) {
      assert.ok(!family || lane.isUnsure, 'what is there was answered, or its answer was lost')
      return
    }
    assert.ok(family, 'what was answered is there')
    if (family.revokedAt !== undefined)
      return assert.ok(lane.isUnsure, 'only a lost answer makes a client repeat itself')
    const isCurrent = family.currentTokenHash === sha256(lane.known)
    const replaced = await realm.refreshFamilies.findReplaced(sha256(lane.known))
    assert.equal(isCurrent, replaced === undefined, 'one live head')
    assert.ok(isCurrent || lane.isUnsure, 'the last token that was answered is the live one, or an answer was lost')
  }

  for (const [restarts, length] of [
    [2, 'quick'],
    [20, 'long'],
  ] as const)
    test(`F-1 – ${restarts} restarts: every answer has its row, every row its answer or its outage, and the pool heals (${length})`, async () => {
      const lanes = await issueLanes(LANES * CODES_OF_A_LANE)
      let isOver = false
      const working = Promise.all(
        Array.from({ length: LANES }, (_, index) =>
          work(
            lanes.filter((_lane, position) => position % LANES === index),
            () => !isOver,
          ),
        ),
      )
      for (let restart = 0; restart < restarts; restart++) {
        await delay(700)
        await database.stop('SIGQUIT')
        await delay(300)
        await database.start()
        await until('ready again', async () => (await server.request('GET', '/ready')).status === 200)
      }
      await delay(300)
      isOver = true
      await working
      for (const lane of lanes) await reconcile(lane)
      assert.ok(lanes.reduce((sum, lane) => sum + lane.refreshes, 0) > LANES)
      assert.equal(server.child.exitCode, null)
    })
})
