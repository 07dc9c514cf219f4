/**
 * What an engine's error means. One table for all three: their codes cannot be confused, because PostgreSQL gives five
 * characters (SQLSTATE), MySQL and MariaDB a number, SQLite a name, and the operating system an E-name.
 */
import { StoreUnavailable } from './store_unavailable.ts'

export type Meaning = 'duplicate' | 'orphan' | 'repeatable' | 'unavailable' | 'missing_table' | 'already_there'

const codesOf: Record<Meaning, (string | number)[]> = {
  duplicate: ['23505', 1062, 'SQLITE_CONSTRAINT_PRIMARYKEY', 'SQLITE_CONSTRAINT_UNIQUE'],
  // A foreign key: what the row belongs to was deleted a moment ago.
  orphan: ['23503', 1452, 'SQLITE_CONSTRAINT_FOREIGNKEY'],
  // Serialization failure, deadlock, lock wait timeout: nothing was kept, the same work may succeed now.
  repeatable: ['40001', '40P01', '55P03', 1205, 1213, 'SQLITE_BUSY_SNAPSHOT'],
  unavailable: [
    // PostgreSQL: too many connections, out of disk or memory, shutting down, read-only (a demoted primary), statement timeout
    ...['53000', '53100', '53200', '53300', '53400', '57014', '57P01', '57P02', '57P03', '57P05', '25006', '25P03'],
    // MySQL and MariaDB: too many connections, shutting down, disk full, read-only, gone away, statement timeout, killed
    ...[1021, 1040, 1053, 1203, 1290, 1317, 1792, 1836, 1927, 1969, 2002, 2003, 2006, 2013, 3024, 4031],
    ...[
      'SQLITE_BUSY',
      'SQLITE_LOCKED',
      'SQLITE_FULL',
      'SQLITE_READONLY',
      'SQLITE_CANTOPEN',
      'SQLITE_IOERR',
      'SQLITE_NOMEM',
    ],
    ...[
      'ECONNREFUSED',
      'ECONNRESET',
      'ETIMEDOUT',
      'EPIPE',
      'EHOSTUNREACH',
      'ENETUNREACH',
      'ENOTFOUND',
      'EAI_AGAIN',
      'ENOENT',
    ],
    ...['PROTOCOL_CONNECTION_LOST', 'PROTOCOL_SEQUENCE_TIMEOUT'],
  ],
  missing_table: ['42P01', 1146],
  // Table, column, key or constraint exists: what is left of a migration that stopped half way.
  already_there: [1050, 1060, 1061, 1826],
}

const meanings = new Map(
  Object.entries(codesOf).flatMap(([meaning, codes]) => codes.map((code) => [code, meaning as Meaning] as const)),
)

type EngineError = Error & { code?: unknown; errno?: unknown; fatal?: unknown }

/** Undefined for what is no trouble of the engine: a bug, most likely. */
export const meaningOf = (error: unknown): Meaning | undefined => {
  if (!(error instanceof Error)) return undefined
  const { code, errno, fatal } = error as EngineError
  const known = meanings.get(errno as number) ?? meanings.get(code as string)
  if (known) return known
  if (typeof code === 'string') {
    // SQLSTATE class 08 is every connection exception; SQLite extends a code's name (SQLITE_IOERR_WRITE).
    if (/^08...$/.test(code)) return 'unavailable'
    if (/^SQLITE_(BUSY|FULL|READONLY|CANTOPEN|IOERR)_/.test(code)) return 'unavailable'
    if (code === 'SQLITE_ERROR' && error.message.startsWith('no such table')) return 'missing_table'
  }
  // mysql2 marks an error that ended its connection; pg tells one by its words alone.
  if (fatal === true && typeof errno !== 'number') return 'unavailable'
  if (
    code === undefined &&
    /^(connection terminated|client (has encountered|was closed)|timeout exceeded|pool is closed)/i.test(error.message)
  )
    return 'unavailable'
  return undefined
}

/** The error that the layers above shall see: StoreUnavailable when it is the engine that cannot answer, otherwise as it is. */
export const toStoreError = (error: unknown): unknown =>
  meaningOf(error) === 'unavailable' ? new StoreUnavailable('The database cannot be asked', { cause: error }) : error
