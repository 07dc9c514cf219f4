/** A small write that tells whether a database can be written, and by needing its row first, whether it can be read. */
import type { Kysely } from 'kysely'
import { meaningOf } from './failures.ts'

/** One row that counts the checks. Made by the migration runner, beside its own table. */
export type ChecksSchema = {
  store_checks: { id: number; checks: number }
}

export const createCheck = <S>(database: Kysely<S>) => {
  const db = database as unknown as Kysely<ChecksSchema>

  const count = async (): Promise<bigint> => {
    const result = await db
      .updateTable('store_checks')
      .set((eb) => ({ checks: eb('checks', '+', 1) }))
      .where('id', '=', 1)
      .executeTakeFirstOrThrow()
    return result.numUpdatedRows
  }

  return async (): Promise<void> => {
    if ((await count()) > 0n) return
    try {
      await db.insertInto('store_checks').values({ id: 1, checks: 1 }).execute()
    } catch (error) {
      if (meaningOf(error) !== 'duplicate') throw error
    }
  }
}
