/** P-1: whatever may be used once is used once, however many ask at the same time, in this process and in two. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createStore } from '../../../src/storage/store.ts'
import { startChild } from '../../support/child_process.ts'
import { forEachDialect, type Opened } from '../../support/databases.ts'
import { type Contest, contestKinds, countWins, prepareContest } from '../../support/storage_contest.ts'
import { createScene, insertCode, NOW, type Scene } from '../../support/storage_fixtures.ts'

/** All callers stop here until the last of them has come. */
const createBarrier = (callers: number): (() => Promise<void>) => {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  let waiting = 0
  return () => {
    waiting += 1
    if (waiting === callers) open()
    return opened
  }
}

/** The defect that the guarded update prevents: find, look, and then mark. */
const consumeNaively = async (
  db: Opened['database']['db'],
  scene: Scene,
  codeHash: string,
  allHaveLooked: () => Promise<void>,
): Promise<boolean> => {
  const code = await db
    .selectFrom('authorization_codes')
    .select('used_at')
    .where('realm_id', '=', scene.realm.realmId)
    .where('code_hash', '=', codeHash)
    .executeTakeFirstOrThrow()
  await allHaveLooked()
  if (code.used_at !== null) return false
  await db.updateTable('authorization_codes').set({ used_at: NOW }).where('code_hash', '=', codeHash).execute()
  return true
}

const prepareAll = async (scene: Scene, times: number): Promise<Contest[]> => {
  const contests: Contest[] = []
  for (let i = 0; i < times; i++) for (const kind of contestKinds) contests.push(await prepareContest(scene, kind))
  // There is only ever one setup link.
  const isLatest = (contest: Contest, index: number) =>
    contest.kind !== 'setupTokens.consume' || index >= contests.length - contestKinds.length
  return contests.filter(isLatest)
}

describe('single use', () => {
  forEachDialect((dialect, open) => {
    const opened = open()

    for (const callers of [20, 200])
      for (const kind of contestKinds)
        test(`${kind} – one of ${callers} callers wins`, async () => {
          const store = createStore(opened().database)
          const contest = await prepareContest(await createScene(store), kind)
          assert.deepEqual(await countWins(store, [contest], callers), [1])
        })

    test('one caller of two processes wins each of many contests', async () => {
      const store = createStore(opened().database)
      const contests = await prepareAll(await createScene(store), 5)
      const { params } = opened().test
      const task = { task: 'contend', params, contests, callers: 20 } as const
      const children = await Promise.all([startChild(task), startChild(task)])
      for (const child of children) child.begin()
      const [first, second] = (await Promise.all(children.map((child) => child.result()))) as number[][]
      for (const [index, contest] of contests.entries())
        assert.equal((first?.[index] ?? 0) + (second?.[index] ?? 0), 1, contest.kind)
    })

    test('the contest is fair game: find and then mark lets every caller win', async () => {
      const { database } = opened()
      const scene = await createScene(createStore(database))
      const codeHash = await insertCode(scene)
      const barrier = createBarrier(20)
      const attempts = Array.from({ length: 20 }, () => consumeNaively(database.db, scene, codeHash, barrier))
      assert.equal((await Promise.all(attempts)).filter(Boolean).length, 20)
    })

    test('the contest is fair game: not even a transaction makes find and then mark safe on a server engine', {
      skip: dialect === 'sqlite' && 'its transactions run one after another',
    }, async () => {
      const { database } = opened()
      const scene = await createScene(createStore(database))
      const codeHash = await insertCode(scene)
      const barrier = createBarrier(8)
      const attempts = Array.from({ length: 8 }, () =>
        database.transaction((transaction) => consumeNaively(transaction, scene, codeHash, barrier)),
      )
      assert.equal((await Promise.all(attempts)).filter(Boolean).length, 8)
    })
  })
})
