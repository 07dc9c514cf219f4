/**
 * Runs the migrations that a database has not seen: forward only, one at a time over all processes, each remembered with
 * the checksum of its SQL. A database that does not fit this version is refused with the reason, never guessed at.
 */
import type { CompiledQuery, Kysely } from 'kysely'
import type { Migration } from '../../migrations/migration.ts'
import { primary, sessions } from '../../migrations/registry.ts'
import { systemClock } from '../system/clock.ts'
import { sha256 } from '../system/hashing.ts'
import type { Log } from '../system/log.ts'
import type { Database, Dialect, MigrationSession } from './database.ts'
import { meaningOf } from './failures.ts'
import { bootstrapStatements, type MigrationRow, type MigrationsSchema } from './migrations_table.ts'

export type MigrationSet = 'primary' | 'sessions'

const sets: Record<MigrationSet, readonly Migration[]> = { primary, sessions }

/** sysexits(3) EX_CONFIG */
const MISFIT_EXIT_STATUS = 78
/** sysexits(3) EX_TEMPFAIL */
const AWAY_EXIT_STATUS = 75

/** The schema cannot be used or made current; the message says what to do about it. */
export class MigrationError extends Error {
  readonly exitStatus: number

  constructor(message: string, options: { cause?: unknown; exitStatus?: number } = {}) {
    super(message, options)
    this.name = 'MigrationError'
    this.exitStatus = options.exitStatus ?? MISFIT_EXIT_STATUS
  }
}

type Step = { name: string; id: string; checksum: string; statements: string[] }

const toSteps = (dialect: Dialect, set: MigrationSet, migrations: readonly Migration[]): Step[] =>
  migrations.map((migration) => {
    const statements = migration.statements(dialect)
    return { name: `${set}/${migration.id}`, id: migration.id, checksum: sha256(statements.join(';\n')), statements }
  })

/**
 * What to do with a database that a later version has migrated. Migrations only ever add, so that an older version can go on with
 * it; but it is rarely meant.
 */
export type NewerSchema = 'refused' | 'accepted'

const requireKnown = (steps: Step[], rows: MigrationRow[], set: MigrationSet, newer: NewerSchema): void => {
  const known = new Set(steps.map((step) => step.id))
  const unknown = rows.filter((row) => !known.has(row.id)).map((row) => `${set}/${row.id}`)
  if (unknown.length === 0 || newer === 'accepted') return
  throw new MigrationError(
    `The database has migrations that this version does not know: ${unknown.join(', ')}. Run the version that made them, or a later one; 'serve --allow-downgrade' goes on with it all the same.`,
  )
}

/** The steps still to run. Throws when what ran is not what this version knows. */
const compare = (steps: Step[], rows: MigrationRow[], set: MigrationSet, newer: NewerSchema): Step[] => {
  requireKnown(steps, rows, set, newer)

  const done = new Map(rows.filter((row) => row.state === 'done').map((row) => [row.id, row]))
  const edited = steps.filter((step) => (done.get(step.id)?.checksum ?? step.checksum) !== step.checksum)
  if (edited.length > 0)
    throw new MigrationError(
      `These migrations ran in this database with another content: ${edited.map((step) => step.name).join(', ')}. A migration is never edited once it ran: restore it and add a new one.`,
    )

  const pending = steps.filter((step) => !done.has(step.id))
  const first = pending[0]
  if (first && pending.length !== steps.length - steps.indexOf(first))
    throw new MigrationError(`The migration ${first.name} is missing in this database although later ones ran.`)
  return pending
}

type Connection<S> = {
  database: Database<S>
  session: MigrationSession
  set: MigrationSet
  migrations: readonly Migration[]
  newer: NewerSchema
}

/** Compiled for the engine, but run by the session. */
const tableOf = <S>(database: Database<S>) => database.db as unknown as Kysely<MigrationsSchema>

const run = (session: MigrationSession, query: { compile(): CompiledQuery }) => {
  const { sql, parameters } = query.compile()
  return session.run(sql, parameters)
}

const readRows = async <S>({ database, session, set }: Connection<S>): Promise<MigrationRow[]> => {
  const query = tableOf(database).selectFrom('schema_migrations').selectAll().where('migration_set', '=', set)
  try {
    return (await run(session, query)) as MigrationRow[]
  } catch (error) {
    if (meaningOf(error) === 'missing_table') return []
    throw error
  }
}

const findPending = async <S>(connection: Connection<S>): Promise<Step[]> => {
  const { database, set, migrations, newer } = connection
  return compare(toSteps(database.dialect, set, migrations), await readRows(connection), set, newer)
}

const markStarted = async <S>({ database, session, set }: Connection<S>, step: Step): Promise<void> => {
  const table = tableOf(database)
  const row = { checksum: step.checksum, state: 'started', started_at: systemClock.now(), finished_at: null } as const
  await run(session, table.deleteFrom('schema_migrations').where('migration_set', '=', set).where('id', '=', step.id))
  await run(session, table.insertInto('schema_migrations').values({ migration_set: set, id: step.id, ...row }))
}

const markDone = async <S>({ database, session, set }: Connection<S>, step: Step): Promise<void> => {
  const query = tableOf(database)
    .updateTable('schema_migrations')
    .set({ state: 'done', finished_at: systemClock.now() })
    .where('migration_set', '=', set)
    .where('id', '=', step.id)
  await run(session, query)
}

/** What an earlier try of the same migration left is no error; only MySQL can leave something. */
const runStatement = async (session: MigrationSession, statement: string, isResumed: boolean): Promise<void> => {
  try {
    await session.run(statement)
  } catch (error) {
    if (!(isResumed && meaningOf(error) === 'already_there')) throw error
  }
}

const apply = async <S>(connection: Connection<S>, step: Step, isResumed: boolean): Promise<void> => {
  await markStarted(connection, step)
  for (const [index, statement] of step.statements.entries()) {
    try {
      await runStatement(connection.session, statement, isResumed)
    } catch (cause) {
      throw new MigrationError(
        `The migration ${step.name} failed at statement ${index + 1} of ${step.statements.length}: ${describe(cause)}. ` +
          (connection.session.rollsBack
            ? 'Nothing of it was kept; the next start runs it again.'
            : 'The statements before it stay; the next start takes the migration up again.'),
        { cause },
      )
    }
  }
  await markDone(connection, step)
}

/** The next migration, if there is one, while no other process runs one. Asks again what is pending: another one may have been first. */
const applyNext = async <S>(connection: Connection<S>, log: Log): Promise<string | undefined> => {
  const [step] = await findPending(connection)
  if (!step) return undefined
  const isResumed = (await readRows(connection)).some((row) => row.id === step.id)
  if (isResumed) log.warn({ migration: step.name }, 'taking up a migration that did not finish')
  await apply(connection, step, isResumed)
  log.info({ migration: step.name }, 'migrated')
  return step.name
}

/** A refused connection to a name with several addresses has no message, only a code. */
const describe = (error: unknown): string => {
  const { message, code } = error as { message?: string; code?: string }
  return message || code || String(error)
}

/** Where the configuration names the database of a set. */
const CONFIGURED_IN: Readonly<Record<MigrationSet, string>> = {
  primary: 'database_params',
  sessions: 'sessions_store_params',
}

const openSession = async <S>(database: Database<S>, set: MigrationSet): Promise<MigrationSession> => {
  try {
    return await database.openMigrationSession()
  } catch (cause) {
    throw new MigrationError(
      `${CONFIGURED_IN[set]}: the ${database.dialect} database cannot be used: ${describe(cause)}`,
      { cause, exitStatus: meaningOf(cause) === 'unavailable' ? AWAY_EXIT_STATUS : MISFIT_EXIT_STATUS },
    )
  }
}

const withSession = async <S, T>(
  database: Database<S>,
  set: MigrationSet,
  work: (session: MigrationSession) => Promise<T>,
): Promise<T> => {
  const session = await openSession(database, set)
  try {
    return await work(session)
  } finally {
    await session.close()
  }
}

/**
 * Runs what is pending and gives the names of what it ran, in order. Safe to call from many processes at once.
 * Throws MigrationError when the database does not fit this version or a migration fails.
 */
export const migrate = <S>(
  database: Database<S>,
  set: MigrationSet,
  log: Log,
  migrations: readonly Migration[] = sets[set],
  newer: NewerSchema = 'refused',
): Promise<string[]> =>
  withSession(database, set, async (session) => {
    const connection = { database, session, set, migrations, newer }
    const applied: string[] = []
    if ((await findPending(connection)).length === 0) return applied
    await session.locked(async () => {
      for (const statement of bootstrapStatements(database.dialect)) await session.run(statement)
    })
    for (;;) {
      const name = await session.locked(() => applyNext(connection, log))
      if (name === undefined) return applied
      applied.push(name)
    }
  })

/** The names of the migrations that the database has not seen. Throws MigrationError when it does not fit this version. */
export const pendingMigrations = <S>(
  database: Database<S>,
  set: MigrationSet,
  migrations: readonly Migration[] = sets[set],
  newer: NewerSchema = 'refused',
): Promise<string[]> =>
  withSession(database, set, async (session) =>
    (await findPending({ database, session, set, migrations, newer })).map((step) => step.name),
  )

/** Makes the schema current where this server may, and otherwise throws MigrationError with the list of what is missing. */
export const prepareSchema = async <S>(
  database: Database<S>,
  set: MigrationSet,
  { auto_init_schema: mayMigrate, newer }: { auto_init_schema: boolean; newer: NewerSchema },
  log: Log,
): Promise<void> => {
  if (mayMigrate) {
    await migrate(database, set, log, sets[set], newer)
    return
  }
  const pending = await pendingMigrations(database, set, sets[set], newer)
  if (pending.length === 0) return
  throw new MigrationError(
    `The schema is managed elsewhere (auto_init_schema is false) and lacks: ${pending.join(', ')}. ` +
      `'auth_server migrate --print ${database.dialect}' gives the SQL, 'auth_server migrate' runs it.`,
  )
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`

const printStep = (set: MigrationSet, step: Step): string => {
  const values = [literal(set), literal(step.id), literal(step.checksum), literal('done'), '0', '0'].join(', ')
  return [
    `-- ${step.name}`,
    ...step.statements.map((statement) => `${statement};`),
    `insert into schema_migrations (migration_set, id, checksum, state, started_at, finished_at) values (${values});`,
  ].join('\n')
}

/** Everything as plain SQL, for those who manage the schema with a tool of their own. */
export const printMigrations = (dialect: Dialect): string => {
  const bootstrap = bootstrapStatements(dialect).map((statement) => `${statement};`)
  const steps = (['primary', 'sessions'] as const).flatMap((set) =>
    toSteps(dialect, set, sets[set]).map((step) => printStep(set, step)),
  )
  return `${['-- what ran in this database', ...bootstrap].join('\n')}\n\n${steps.join('\n\n')}\n`
}
