/** Tables written once for the three dialects: names for the few column types, and the clauses that differ. */
import type { Dialect } from './migration.ts'

/**
 * `id`, `client_id`, `name`: text that is compared and sorted byte by byte, trailing spaces and all, on every engine.
 * `text`: of any length, never in a key. `time`: milliseconds since the epoch. Each may end in `?`: NULL is allowed.
 */
type ColumnType = 'id' | 'client_id' | 'name' | 'word' | 'text' | 'time' | 'count' | 'flag'

const columnTypes: Record<Dialect, Record<ColumnType, string>> = {
  sqlite: {
    id: 'text',
    client_id: 'text',
    name: 'text',
    word: 'text',
    text: 'text',
    time: 'integer',
    count: 'integer',
    flag: 'integer',
  },
  postgresql: {
    id: 'varchar(64) collate "C"',
    client_id: 'varchar(255) collate "C"',
    name: 'varchar(512) collate "C"',
    word: 'varchar(32) collate "C"',
    text: 'text',
    time: 'bigint',
    count: 'bigint',
    flag: 'smallint',
  },
  mysql: {
    id: 'varchar(64)',
    client_id: 'varchar(255)',
    name: 'varchar(512)',
    word: 'varchar(32)',
    text: 'mediumtext',
    time: 'bigint',
    count: 'bigint',
    flag: 'smallint',
  },
}

// MariaDB alone reads what is marked M!, MySQL alone what is marked !80017: the collation without padding has two names.
const tableOptions: Record<Dialect, string> = {
  sqlite: ' strict',
  postgresql: '',
  mysql:
    ' engine=InnoDB default character set utf8mb4' +
    ' /*M!100205 collate utf8mb4_nopad_bin */ /*!80017 collate utf8mb4_0900_bin */',
}

type TableKeys = {
  primary: string[]
  /** By the name of the constraint. */
  unique?: Record<string, string[]>
  /** Rows go when the row that they belong to goes. By the name of the other table: our columns and its columns. */
  belongsTo?: Record<string, { columns: string[]; key: string[] }>
  /** By the name of the index. */
  indexes?: Record<string, string[]>
}

/** The statements that make a table. Each can be run again where it was run before. */
export const table = (
  dialect: Dialect,
  name: string,
  columns: Record<string, ColumnType | `${ColumnType}?`>,
  keys: TableKeys,
): string[] => {
  const quote = (text: string): string => (dialect === 'mysql' ? `\`${text}\`` : `"${text}"`)
  const list = (names: string[]): string => `(${names.map(quote).join(', ')})`
  const entries = (record: Record<string, string[]> = {}): [string, string[]][] => Object.entries(record)

  const toColumn = ([column, type]: [string, string]): string => {
    const base = columnTypes[dialect][type.replace('?', '') as ColumnType]
    return `${quote(column)} ${base} ${type.endsWith('?') ? 'null' : 'not null'}`
  }
  const lines = [
    ...Object.entries(columns).map(toColumn),
    `primary key ${list(keys.primary)}`,
    ...entries(keys.unique).map(([key, on]) => `constraint ${quote(key)} unique ${list(on)}`),
    ...Object.entries(keys.belongsTo ?? {}).map(
      ([owner, { columns: on, key }]) =>
        `constraint ${quote(`${name}_${owner}`)} foreign key ${list(on)} references ${quote(owner)} ${list(key)} on delete cascade`,
    ),
    // MySQL cannot make an index only where there is none, except together with its table.
    ...(dialect === 'mysql' ? entries(keys.indexes).map(([index, on]) => `index ${quote(index)} ${list(on)}`) : []),
  ]
  const body = lines.map((line) => `  ${line}`).join(',\n')
  const create = `create table if not exists ${quote(name)} (\n${body}\n)${tableOptions[dialect]}`
  if (dialect === 'mysql') return [create]
  return [
    create,
    ...entries(keys.indexes).map(
      ([index, on]) => `create index if not exists ${quote(index)} on ${quote(name)} ${list(on)}`,
    ),
  ]
}
