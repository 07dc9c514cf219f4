import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { parse } from 'smol-toml'
import { z } from 'zod'
import { configSchema } from '../../../src/config/schema.ts'

const text = readFileSync(join(import.meta.dirname, '../../../auth_server.toml'), 'utf8')

/** `# key = value` is a default, `#: key = value` and `#: [table]` an example of what has none. */
const DEFAULT = /^# (?=[a-z_]+ = )/gm
const EXAMPLE = /^#: /gm

type Schema = z.core.$ZodType

const unwrap = (schema: Schema): Schema =>
  schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional
    ? unwrap(schema.unwrap())
    : schema

/** Said of the key itself, or of the type inside its default. */
const descriptionOf = (schema: Schema): string | undefined => {
  const said = schema instanceof z.ZodType ? schema.description : undefined
  return said ?? (unwrap(schema) === schema ? undefined : descriptionOf(unwrap(schema)))
}

type Key = { table: string | undefined; key: string; schema: Schema }

const keysOf = (table: string | undefined, shape: Readonly<Record<string, Schema>>): Key[] =>
  Object.entries(shape).flatMap(([key, schema]) => {
    const inner = unwrap(schema)
    return inner instanceof z.ZodObject ? keysOf(key, inner.shape) : [{ table, key, schema }]
  })

const keys = keysOf(undefined, configSchema.shape)

/** Each key of the file with its table and the comment above it, whether it is set or marked. */
const lines = (): { table: string | undefined; key: string; comment: string | undefined; mark: string }[] => {
  let table: string | undefined
  return text.split('\n').flatMap((line, index, all) => {
    const header = /^(?:#: )?\[([a-z_]+)\]$/.exec(line)?.[1]
    if (header) table = header
    const [, mark = '', key] = /^(#:? )?([a-z_]+) = /.exec(line) ?? []
    return key === undefined ? [] : [{ table, key, comment: all[index - 1]?.replace(/^# /, ''), mark }]
  })
}

const keyNames = (list: readonly { table: string | undefined; key: string }[]): string[] =>
  list.map(({ table, key }) => (table === undefined ? key : `${table}.${key}`))

describe('configuration: the shipped auth_server.toml', () => {
  test('has every key of the schema, in its order, once', () => {
    assert.deepEqual(keyNames(lines()), keyNames(keys))
  })

  test('explains each key in one line, which is the description in the schema', () => {
    assert.deepEqual(
      lines().map(({ comment }) => comment),
      keys.map(({ schema }) => descriptionOf(schema)),
    )
  })

  test('explains each table', () => {
    for (const [name, schema] of Object.entries(configSchema.shape)) {
      if (!(unwrap(schema) instanceof z.ZodObject)) continue
      const mark = name === 'proxy_params' ? '#: ' : ''
      assert.ok(text.includes(`\n# ${schema.description}\n${mark}[${name}]\n`), name)
    }
  })

  /** Optional, and set all the same: a new server has everything. */
  const SET = new Set(['secrets_params.encryption_key_file'])

  test('marks as defaults the keys that have one, as examples the others, and sets the required ones', () => {
    const marks = new Map(lines().map((line) => [keyNames([line])[0], line.mark]))
    for (const name of SET) assert.equal(marks.get(name), '')
    for (const key of keys.filter((each) => !SET.has(keyNames([each])[0] ?? ''))) {
      const mark = marks.get(keyNames([key])[0])
      const isSet = mark === ''
      if (key.schema instanceof z.ZodDefault) assert.equal(mark, key.table === 'proxy_params' ? '#: ' : '# ')
      else if (key.schema instanceof z.ZodOptional || key.table === 'proxy_params') assert.equal(mark, '#: ')
      else assert.ok(isSet, `${key.table}.${key.key} is required`)
    }
  })

  test('with its defaults uncommented parses and equals the defaults of the schema', () => {
    const asShipped = configSchema.parse(parse(text))
    const uncommented = configSchema.parse(parse(text.replace(DEFAULT, '')))
    assert.notEqual(text.replace(DEFAULT, ''), text)
    assert.deepEqual(uncommented, asShipped)
    const { host_name, host_port, tls_params, session_jwt_params, secrets_params } = asShipped
    const onlyRequired = configSchema.parse({
      host_name,
      host_port,
      tls_params,
      session_jwt_params,
      secrets_params,
      sessions_store_params: {},
    })
    assert.deepEqual(uncommented, onlyRequired)
  })

  test('with its examples uncommented too still is what the schema accepts', () => {
    const result = configSchema.safeParse(parse(text.replace(DEFAULT, '').replace(EXAMPLE, '')))
    assert.deepEqual(result.error?.issues ?? [], [])
  })
})

test('configuration: every key has a description, and a number has bounds', () => {
  for (const { table, key, schema } of keys) {
    assert.match(descriptionOf(schema) ?? '', /^[A-Z"a-z].*\.$/, `${table}.${key}`)
    const inner = unwrap(schema)
    if (inner instanceof z.ZodNumber) {
      assert.ok(inner.minValue !== null && inner.minValue >= 0, key)
      assert.ok(inner.maxValue !== null && inner.maxValue < 2 ** 32, key)
    }
  }
})
