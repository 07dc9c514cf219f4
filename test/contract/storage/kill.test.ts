/** F-10, F-11: a process that is killed between a code and its tokens, or in the middle of a rotation, leaves nothing half. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createStore } from '../../../src/storage/store.ts'
import { startChild } from '../../support/child_process.ts'
import { forEachDialect, type Opened } from '../../support/databases.ts'
import { headOf } from '../../support/storage_churn.ts'
import { createScene, type Scene } from '../../support/storage_fixtures.ts'

const ROUNDS = 5
const CHILDREN = 3

type Said = { redeemed?: string; rotated?: string; count?: number }

/** Rotations of each family, as the database has them. */
const readRotations = async ({ db }: Opened['database'], realmId: string): Promise<Map<string, number>> => {
  const rows = await db
    .selectFrom('replaced_refresh_tokens')
    .select(['family_id', 'token_hash'])
    .where('realm_id', '=', realmId)
    .execute()
  const counts = new Map<string, number>()
  for (const { family_id } of rows) counts.set(family_id, (counts.get(family_id) ?? 0) + 1)
  return counts
}

/** P-1, P-2: a code is used exactly when its family is there, and each family has one head, the one after its last rotation. */
const assertWhole = async (database: Opened['database'], { realm }: Scene): Promise<Map<string, number>> => {
  const inRealm = database.db.selectFrom('refresh_families').where('realm_id', '=', realm.realmId)
  const families = await inRealm.select(['id', 'current_token_hash']).execute()
  const rotations = await readRotations(database, realm.realmId)
  for (const { id, current_token_hash } of families)
    assert.equal(current_token_hash, headOf(id, rotations.get(id) ?? 0), 'one live head')

  const codes = await database.db
    .selectFrom('authorization_codes')
    .select(['authorization_id', 'used_at'])
    .where('realm_id', '=', realm.realmId)
    .execute()
  const used = codes.filter((code) => code.used_at !== null).map((code) => code.authorization_id)
  assert.deepEqual(used.sort(), families.map((family) => family.id).sort(), 'used codes have their family')
  return new Map(families.map(({ id }) => [id, rotations.get(id) ?? 0]))
}

/** P-4: what a caller was told is there. */
const assertKept = (kept: Map<string, number>, lines: string[]): void => {
  for (const line of lines) {
    const said = JSON.parse(line) as Said
    if (said.redeemed) assert.ok(kept.has(said.redeemed), line)
    if (said.rotated) assert.ok((kept.get(said.rotated) ?? -1) >= (said.count ?? 0), line)
  }
}

describe('kill -9', () => {
  forEachDialect((_dialect, open) => {
    const opened = open()

    test('F-10, F-11 a code and its tokens, and a rotation, are there as a whole or not at all', async () => {
      const { database, test: files } = opened()
      const scene = await createScene(createStore(database))
      const { realm, client, user } = scene
      const task = {
        task: 'churn',
        params: files.params,
        realmId: realm.realmId,
        clientId: client.clientId,
        userId: user.id,
      } as const
      const lines: string[] = []
      for (let round = 0; round < ROUNDS; round++) {
        const children = await Promise.all(Array.from({ length: CHILDREN }, () => startChild(task)))
        for (const child of children) child.begin()
        for (const [index, child] of children.entries()) {
          await sleep(40 + ((round * 17 + index * 29) % 60))
          await child.kill()
          lines.push(...child.lines)
        }
        // What a server still had in hand when its client died is rolled back by itself, but not at once.
        await sleep(50)
        assertKept(await assertWhole(database, scene), lines)
      }
      assert.ok(lines.length > 0, 'the children had time to work')
    })
  })
})
