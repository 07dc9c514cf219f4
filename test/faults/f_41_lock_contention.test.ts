/** F-41 – several processes share one SQLite file and redeem at the same time: no code is lost, none is redeemed twice. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { CODE_VERIFIER } from '../support/authorization.ts'
import type { Answer } from '../support/client.ts'
import {
  addRushActors,
  type IssuedCode,
  issueCode,
  openRushStore,
  REALM,
  type RushStore,
  rushClient,
} from '../support/code_rush.ts'
import { prepareServer, type ServerProcess, startServerProcess } from '../support/server.ts'

const PROCESSES = 3
const LANES = 24

const at = <T>(items: T[], index: number): T => items[index % items.length] as T

const redeem = (server: ServerProcess, code: string): Promise<Answer> =>
  server.oauth.redeem(rushClient, code, CODE_VERIFIER)

/** What a client does that is told to come back. */
const redeemPatiently = async (server: ServerProcess, code: string): Promise<Answer> => {
  for (;;) {
    const answer = await redeem(server, code)
    if (answer.status !== 503) return answer
    await delay(20)
  }
}

type Stage = { servers: ServerProcess[]; rush: RushStore; codes: IssuedCode[] }

const withStage = async (count: number, work: (stage: Stage) => Promise<void>): Promise<void> => {
  const first = await prepareServer()
  const others = await Promise.all(
    Array.from({ length: PROCESSES - 1 }, () => prepareServer({ databaseUrl: first.databaseUrl })),
  )
  const prepared = [first, ...others]
  const servers: ServerProcess[] = []
  let rush: RushStore | undefined
  try {
    for (const each of prepared) servers.push(await startServerProcess({ prepared: each }))
    rush = openRushStore('sqlite', first.databaseUrl)
    await addRushActors(rush)
    const codes: IssuedCode[] = []
    for (let index = 0; index < count; index++) codes.push(await issueCode(rush))
    await work({ servers, rush, codes })
  } finally {
    await rush?.close()
    for (const server of servers) await server.close()
    for (const each of prepared.reverse()) await each.remove()
  }
}

const inLanes = async <T>(items: T[], work: (item: T, index: number) => Promise<void>): Promise<void> => {
  let next = 0
  const lane = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) await work(items[index] as T, index)
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

for (const [count, length] of [
  [300, 'quick'],
  [2_000, 'long'],
] as const)
  describe(`${PROCESSES} processes on one SQLite file (${length})`, () => {
    test(`F-41 – ${count} codes, each redeemed once by one of them: all of them get tokens`, async () => {
      await withStage(count, async ({ servers, rush, codes }) => {
        const statuses: number[] = []
        await inLanes(codes, async ({ code }, index) => {
          statuses.push((await redeemPatiently(at(servers, index), code)).status)
        })
        assert.equal(statuses.filter((status) => status === 200).length, count)
        const { refreshFamilies } = rush.store.realm(REALM)
        for (const { authorizationId } of codes) {
          const family = await refreshFamilies.find(authorizationId)
          assert.ok(family && family.revokedAt === undefined)
        }
      })
    })

    test(`F-41 – ${count / 10} codes, each presented to all of them at once: one of them gives tokens`, async () => {
      await withStage(count / 10, async ({ servers, codes }) => {
        for (const { code } of codes) {
          const answers = await Promise.all(servers.map((server) => redeemPatiently(server, code)))
          assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 400, 400])
        }
      })
    })
  })
