/** The schema as the engine itself tells it: tables, columns, keys and indexes. */
import type { Database, Dialect, MigrationSession } from '../../src/storage/database.ts'

type Dump = (session: MigrationSession) => Promise<unknown>

const dumpSqlite: Dump = (session) =>
  session.run('select type, name, tbl_name, sql from sqlite_schema order by type, name')

const dumpPostgresql: Dump = async (session) => [
  await session.run(
    `select table_name, column_name, data_type, character_maximum_length, collation_name, is_nullable
     from information_schema.columns where table_schema = 'public' order by table_name, column_name`,
  ),
  await session.run(`select indexname, indexdef from pg_indexes where schemaname = 'public' order by indexname`),
  await session.run(
    `select conname, pg_get_constraintdef(oid) as definition from pg_constraint
     where connamespace = 'public'::regnamespace order by conname`,
  ),
]

const dumpMysql: Dump = async (session) => {
  const tables = await session.run(
    'select table_name as name from information_schema.tables where table_schema = database()',
  )
  const names = tables.map((row) => String(row.name)).sort()
  const dumps: unknown[] = []
  for (const name of names) dumps.push(await session.run(`show create table \`${name}\``))
  return dumps
}

const dumps: Record<Dialect, Dump> = { sqlite: dumpSqlite, postgresql: dumpPostgresql, mysql: dumpMysql }

export const withSession = async <S, T>(
  database: Database<S>,
  work: (session: MigrationSession) => Promise<T>,
): Promise<T> => {
  const session = await database.openMigrationSession()
  try {
    return await work(session)
  } finally {
    await session.close()
  }
}

export const dumpSchema = <S>(database: Database<S>): Promise<unknown> => withSession(database, dumps[database.dialect])

/** Runs a script as a tool would that knows nothing of us. */
export const runScript = <S>(database: Database<S>, script: string): Promise<void> =>
  withSession(database, async (session) => {
    for (const statement of script.split(';\n')) if (statement.trim() !== '') await session.run(statement)
  })
