/** The tables that the migration runner keeps for itself, in every database that it has run in. */
import { table } from '../../migrations/ddl.ts'
import type { Dialect } from './database.ts'

export type MigrationRow = {
  migration_set: string
  id: string
  checksum: string
  /** `started` is a migration that did not finish; only MySQL, where a schema change cannot be rolled back, ever shows it. */
  state: 'started' | 'done'
  started_at: number
  finished_at: number | null
}

export type MigrationsSchema = { schema_migrations: MigrationRow }

/** Never changed: they must fit every database that was ever made. */
export const bootstrapStatements = (dialect: Dialect): string[] => [
  ...table(
    dialect,
    'schema_migrations',
    { migration_set: 'word', id: 'id', checksum: 'id', state: 'word', started_at: 'time', finished_at: 'time?' },
    { primary: ['migration_set', 'id'] },
  ),
  // See check.ts.
  ...table(dialect, 'store_checks', { id: 'count', checks: 'count' }, { primary: ['id'] }),
]
