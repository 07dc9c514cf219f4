/** The primary database and the session store: their URLs, pools, and which is which. */
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseStoreUrl, type StoreUrl, URL_FORMS } from './database_url.ts'
import { readText } from './files.ts'
import type { Report } from './report.ts'
import type { FileConfig, SessionsStoreParams } from './schema.ts'
import type { Draft } from './shape.ts'
import type { Tree } from './toml.ts'

type TableName = 'database_params' | 'sessions_store_params'
type StoreTable = NonNullable<Draft[TableName]>

const isDirectory = (path: string): boolean => {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

const formsOf = (table: TableName): string => {
  const { redis, ...primary } = URL_FORMS
  return Object.values(table === 'sessions_store_params' ? { ...primary, redis } : primary).join(', ')
}

/** Where the URL comes from decides which key is named. */
const urlPath = (table: TableName, params: StoreTable) =>
  [table, params.connection_url_file === undefined ? 'connection_url' : 'connection_url_file'] as const

const checkUrl = (table: TableName, params: StoreTable, report: Report): StoreUrl | undefined => {
  const path = urlPath(table, params)
  const isBackendKnown = params.backend !== undefined && !report.isBroken([table, 'backend'])
  const isBroken = ['connection_url', 'connection_url_file'].some((key) => report.isBroken([table, key]))
  if (params.connection_url === undefined || isBroken) return undefined
  const url = parseStoreUrl(params.connection_url)
  const named = isBackendKnown ? params.backend : undefined
  if (named !== undefined && url.backend !== undefined && url.backend !== named) {
    const reason = `because backend is ${JSON.stringify(named)}`
    report.problem(path, `a URL of ${url.backend}`, `${URL_FORMS[named]}, ${reason}`)
    return undefined
  }
  if ('found' in url) {
    const backend = named ?? url.backend
    report.problem(path, url.found, backend === undefined ? formsOf(table) : URL_FORMS[backend])
    return undefined
  }
  if (url.file !== undefined && url.file !== ':memory:' && !isDirectory(dirname(url.file)))
    report.problem(path, 'a file in a directory that does not exist', 'one in a directory that does')
  const ca = url.caFile === undefined ? undefined : readText(url.caFile)
  if (ca && 'found' in ca) report.problem(path, `${ca.found} for the sslrootcert or ssl-ca of the URL`, 'a file in PEM')
  return url
}

const checkPool = (table: TableName, params: StoreTable, report: Report): void => {
  const { min_connections: min, max_connections: max } = params
  if (min !== undefined && max !== undefined && min > max)
    report.problem([table, 'min_connections'], String(min), `at most max_connections, which is ${max}`)
}

export type StoreFacts = { table: TableName; url: StoreUrl }

/** Whether the table of the session store names a store of its own. */
const namesStore = (table: unknown): boolean =>
  typeof table === 'object' && table !== null && ['backend', 'connection_url'].some((key) => Object.hasOwn(table, key))

/** Reports problems; returns the stores that could be understood. */
export const checkStores = (draft: Draft, tree: Tree, report: Report): StoreFacts[] => {
  const check = (table: TableName, params: StoreTable, hasUrl: boolean): StoreFacts[] => {
    checkPool(table, params, report)
    const url = hasUrl ? checkUrl(table, params, report) : undefined
    return url ? [{ table, url }] : []
  }
  const sessions = draft.sessions_store_params
  return [
    ...check('database_params', draft.database_params ?? {}, true),
    ...(sessions ? check('sessions_store_params', sessions, namesStore(tree.sessions_store_params)) : []),
  ]
}

/** Without the table the session store is the database; a table that names no store changes only how it is reached. */
export const sessionsStoreOf = (file: FileConfig, tree: Tree): SessionsStoreParams => {
  const { database_params: database, sessions_store_params: sessions } = file
  const written = tree.sessions_store_params
  if (sessions && namesStore(written)) return sessions
  const { allow_plaintext_database: _ofTheDatabase, connection_url_file: _file, ...same } = database
  const own = Object.entries(sessions ?? {}).filter(([key]) => Object.hasOwn(Object(written), key))
  return { ...same, ...Object.fromEntries(own) }
}
