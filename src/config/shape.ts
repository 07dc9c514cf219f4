/** Checks the file against the schema, in words for an operator, and keeps what is right of a file that is not. */
import { z } from 'zod'
import { nearest } from './nearest.ts'
import type { KeyPath, Report } from './report.ts'
import { showKey } from './report.ts'
import { configSchema, type FileConfig } from './schema.ts'
import type { Tree } from './toml.ts'

type Schema = z.core.$ZodType
type Entries<T> = T extends string[] ? (string | undefined)[] : T
type Table<T> = T extends object ? { [K in keyof T]?: Entries<T[K]> | undefined } : T

/** The file with what is broken or missing left out, so that the rest is still checked in the same run. */
export type Draft = { [K in keyof FileConfig]?: Table<NonNullable<FileConfig[K]>> | undefined }

/** What is inside of default, prefault and optional. */
const unwrap = (schema: Schema): Schema =>
  schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional
    ? unwrap(schema.unwrap())
    : schema

const schemaAt = (path: readonly PropertyKey[]): Schema =>
  path.reduce<Schema>((schema, part) => {
    const inner = unwrap(schema)
    if (inner instanceof z.ZodObject) return inner.shape[String(part)] ?? inner
    if (inner instanceof z.ZodRecord) return inner.valueType
    return inner instanceof z.ZodArray ? inner.element : inner
  }, configSchema)

const requiredKeys = (table: z.ZodObject): string[] =>
  Object.entries(table.shape).flatMap(([key, schema]) => (schema.safeParse(undefined).success ? [] : [key]))

const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`

/** What the schema expects, in words. */
const expectation = (schema: Schema): string => {
  const inner = unwrap(schema)
  const kind = inner instanceof z.ZodType ? inner.meta()?.kind : undefined
  if (typeof kind === 'string') return kind
  if (inner instanceof z.ZodNumber) return `an integer from ${inner.minValue} to ${inner.maxValue}`
  if (inner instanceof z.ZodBoolean) return 'true or false'
  if (inner instanceof z.ZodEnum) return listed(inner.options.map((option) => JSON.stringify(option)))
  if (inner instanceof z.ZodRecord) return 'a table of tables'
  if (inner instanceof z.ZodObject) {
    const keys = requiredKeys(inner)
    return keys.length === 0 ? 'a table' : `a table with ${keys.join(', ')}`
  }
  return 'a string'
}

const keysOf = (schema: Schema): string[] => {
  const inner = unwrap(schema)
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : []
}

/** A key that is right elsewhere usually stands after the header of a wrong table. */
const elsewhere = (key: string): string | undefined => {
  if (keysOf(configSchema).includes(key)) return `${key} above every table`
  const table = keysOf(configSchema).find((name) => keysOf(schemaAt([name])).includes(key))
  return table && `${key} in [${table}]`
}

const reportUnknownKey = (path: KeyPath, key: string, report: Report): void => {
  const known = keysOf(schemaAt(path))
  const guess = nearest(key, known) ?? elsewhere(key)
  const place =
    path.length === 0 ? 'a key or table of this file' : `a key of [${path.map(String).map(showKey).join('.')}]`
  report.problem([...path, key], 'an unknown key', guess ? `${place}; did you mean ${guess}?` : place)
}

const reportIssue = (issue: z.core.$ZodIssue, report: Report): void => {
  const path = issue.path as KeyPath
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) reportUnknownKey(path, key, report)
    return
  }
  // What a variable or a file was to give is already reported.
  if (report.isBroken(path) || report.isBroken(fileKeyOf(path))) return
  const isWrongChoice = issue.code === 'invalid_value' || issue.code === 'invalid_format'
  const found = isWrongChoice ? report.show(path) : report.kind(path)
  report.problem(
    path,
    issue.code === 'too_big' && issue.origin === 'string' ? 'one that is too long' : found,
    issue.message,
  )
}

const fileKeyOf = (path: KeyPath): KeyPath => [...path.slice(0, -1), `${path.at(-1)}_file`]

/** The value with its default; undefined where a problem of it is known. */
const validAt = (schema: Schema, value: unknown, path: KeyPath, report: Report): unknown => {
  const inner = unwrap(schema)
  if (inner instanceof z.ZodArray && Array.isArray(value))
    return value.map((entry, index) => validAt(inner.element, entry, [...path, index], report))
  const result = z.safeParse(schema, value)
  return result.success && !report.isBroken(path) ? result.data : undefined
}

/** Key by key; a table that is absent stays so where it is optional. */
const draftOf = (tree: Tree, report: Report): Draft => {
  const entries = Object.entries(configSchema.shape).map(([name, schema]) => {
    const table = unwrap(schema)
    if (!(table instanceof z.ZodObject)) return [name, validAt(schema, tree[name], [name], report)]
    if (tree[name] === undefined && schema instanceof z.ZodOptional) return [name, undefined]
    const values = Object(tree[name]) as Tree
    const fields = Object.entries(table.shape)
    return [
      name,
      Object.fromEntries(fields.map(([key, field]) => [key, validAt(field, values[key], [name, key], report)])),
    ]
  })
  return Object.fromEntries(entries) as Draft
}

/** Reports what the schema refuses. `file` is there only when it refuses nothing. */
export const checkShape = (tree: Tree, report: Report): { draft: Draft; file: FileConfig | undefined } => {
  const result = configSchema.safeParse(tree, { error: (issue) => expectation(schemaAt(issue.path ?? [])) })
  for (const issue of result.error?.issues ?? []) reportIssue(issue, report)
  return { draft: draftOf(tree, report), file: result.data }
}
