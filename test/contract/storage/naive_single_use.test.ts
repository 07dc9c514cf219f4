/** P-1, the other way round: what everybody would write first lets several callers win, so the contests of single_use.test.ts are fair game. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createConnection } from 'mysql2/promise'
import { createStore } from '../../../src/storage/store.ts'
import { forEachDialect, type Opened } from '../../support/databases.ts'
import { type ContestKind, prepareContest } from '../../support/storage_contest.ts'
import { createScene, NOW } from '../../support/storage_fixtures.ts'

const CALLERS = 20

type Db = Opened['database']['db']

/** Look, and later mark what was seen. */
type Naive = {
  isFree(db: Db, key: string, head: string): Promise<boolean>
  mark(db: Db, key: string, caller: number): Promise<unknown>
}

const naives: Partial<Record<ContestKind, Naive>> = {
  'refreshFamilies.rotate': {
    isFree: async (db, key, head) => {
      const row = await db
        .selectFrom('refresh_families')
        .select('current_token_hash')
        .where('id', '=', key)
        .executeTakeFirst()
      return row?.current_token_hash === head
    },
    mark: (db, key, caller) =>
      db
        .updateTable('refresh_families')
        .set({ current_token_hash: `successor ${caller}` })
        .where('id', '=', key)
        .execute(),
  },
  'refreshFamilies.consumeRetry': {
    isFree: async (db, key) => {
      const row = await db
        .selectFrom('replaced_refresh_tokens')
        .select('retried_at')
        .where('token_hash', '=', key)
        .executeTakeFirst()
      return row?.retried_at === null
    },
    mark: (db, key) =>
      db.updateTable('replaced_refresh_tokens').set({ retried_at: NOW }).where('token_hash', '=', key).execute(),
  },
  'pushedRequests.consume': {
    isFree: async (db, key) => {
      const row = await db
        .selectFrom('pushed_requests')
        .select('completed_at')
        .where('reference_hash', '=', key)
        .executeTakeFirst()
      return row?.completed_at === null
    },
    mark: (db, key) =>
      db.updateTable('pushed_requests').set({ completed_at: NOW }).where('reference_hash', '=', key).execute(),
  },
  'interactions.consume': {
    isFree: async (db, key) => {
      const row = await db.selectFrom('interactions').select('completed_at').where('id', '=', key).executeTakeFirst()
      return row?.completed_at === null
    },
    mark: (db, key) => db.updateTable('interactions').set({ completed_at: NOW }).where('id', '=', key).execute(),
  },
  'totpCredentials.consumeStep': {
    isFree: async (db, key) => {
      const row = await db
        .selectFrom('totp_credentials')
        .select('last_step')
        .where('user_id', '=', key)
        .executeTakeFirst()
      return row?.last_step === null
    },
    mark: (db, key) =>
      db.updateTable('totp_credentials').set({ last_step: 60_000_000 }).where('user_id', '=', key).execute(),
  },
  'recoveryCodes.consume': {
    isFree: async (db, _key, head) => {
      const row = await db
        .selectFrom('recovery_codes')
        .select('used_at')
        .where('code_hash', '=', head)
        .executeTakeFirst()
      return row?.used_at === null
    },
    mark: (db, key) => db.updateTable('recovery_codes').set({ used_at: NOW }).where('user_id', '=', key).execute(),
  },
  'setupTokens.consume': {
    isFree: async (db, key) => {
      const row = await db.selectFrom('setup_tokens').selectAll().where('token_hash', '=', key).executeTakeFirst()
      return row !== undefined
    },
    mark: (db, key) => db.deleteFrom('setup_tokens').where('token_hash', '=', key).execute(),
  },
  'replayMarks.remember': {
    isFree: async (db, key) => {
      const row = await db.selectFrom('replay_marks').selectAll().where('mark_hash', '=', key).executeTakeFirst()
      return row === undefined
    },
    // As a cache does it: what is there already is not written again, and nobody asks who wrote it.
    mark: async (db, key) => {
      await db
        .insertInto('replay_marks')
        .values({ mark_hash: key, purge_after: NOW })
        .execute()
        .catch(() => undefined)
    },
  },
}

/** All who call `arrive` go on when the last of them has come. */
const createBarrier = (callers: number): (() => Promise<void>) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  let waiting = 0
  return () => {
    waiting += 1
    if (waiting === callers) resolve()
    return promise
  }
}

describe('naive single use', () => {
  forEachDialect((dialect, open) => {
    const opened = open()

    for (const [kind, naive] of Object.entries(naives))
      test(`${kind} – find and then mark lets all of ${CALLERS} callers win`, async () => {
        const { database } = opened()
        const scene = await createScene(createStore(database))
        const { key, head } = await prepareContest(scene, kind as ContestKind)
        const arrive = createBarrier(CALLERS)
        const attempt = async (_: unknown, caller: number): Promise<boolean> => {
          const isFree = await naive.isFree(database.db, key, head)
          await arrive()
          if (isFree) await naive.mark(database.db, key, caller)
          return isFree
        }
        const wins = await Promise.all(Array.from({ length: CALLERS }, attempt))
        assert.equal(wins.filter(Boolean).length, CALLERS)
      })

    test('T-CA-02 an upsert tells by its row count who came first only where found rows are not counted as changed', {
      skip: dialect !== 'mysql' && 'the row count of MySQL is meant',
    }, async () => {
      const { database, test: made } = opened()
      const upsert =
        'insert into replay_marks (mark_hash, purge_after) values (?, 1) on duplicate key update purge_after = 1'
      const usual = await createConnection(made.params.connection_url)
      const counts: number[] = []
      for (let call = 0; call < 3; call++) {
        const [result] = await usual.execute(upsert, ['seen by the driver as it comes'])
        counts.push((result as { affectedRows: number }).affectedRows)
      }
      await usual.end()
      assert.deepEqual(counts, [1, 1, 1], 'every replay looks like the first')

      const ours: bigint[] = []
      for (let call = 0; call < 3; call++) {
        const result = await database.db
          .insertInto('replay_marks')
          .values({ mark_hash: 'seen by our connections', purge_after: 1 })
          .onDuplicateKeyUpdate({ purge_after: 1 })
          .executeTakeFirstOrThrow()
        ours.push(result.numInsertedOrUpdatedRows ?? 0n)
      }
      assert.deepEqual(ours, [1n, 0n, 0n])
    })
  })
})
