/** Realms: almost every other row of the primary database belongs to one. */
import { table } from './ddl.ts'
import type { Migration } from './migration.ts'

export const realms: Migration = {
  id: '0001_realms',
  statements: (dialect) => [
    ...table(
      dialect,
      'realms',
      { id: 'id', settings: 'text', created_at: 'time', updated_at: 'time' },
      { primary: ['id'] },
    ),
    ...table(
      dialect,
      'realm_versions',
      { realm_id: 'id', version: 'count' },
      { primary: ['realm_id'], belongsTo: { realms: { columns: ['realm_id'], key: ['id'] } } },
    ),
  ],
}
