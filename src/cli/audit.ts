/**
 * `auth_server audit verify [--realm ID] [--heads FILE] [CONFIG]` – whether the audit is what was written; exit status 1 when it is not.
 * `auth_server audit heads [CONFIG]` – where the chain of each realm ends, a JSON line each: to be kept outside of the database.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { DEFAULT_CONFIG_PATH } from '../config/load.ts'
import { verifyAudit } from '../storage/audit_verification.ts'
import type { Store } from '../storage/store.ts'
import { withStore } from './with_store.ts'

const USAGE_EXIT_STATUS = 64
const BROKEN_EXIT_STATUS = 1
const REALMS_AT_A_TIME = 200

const USAGE = 'usage: audit verify [--realm ID] [--heads FILE] [CONFIG] | audit heads [CONFIG]'

type Head = { realm: string; sequence: number; hash: string }

const print = (value: object): void => {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

const misused = (problem: string): number => {
  process.stderr.write(`auth_server audit: ${problem}\n`)
  return USAGE_EXIT_STATUS
}

const isHead = (value: unknown): value is Head => {
  const { realm, sequence, hash } = Object(value) as Partial<Head>
  return typeof realm === 'string' && Number.isSafeInteger(sequence) && typeof hash === 'string'
}

/** Undefined when it is not what `audit heads` prints. */
const readHeads = (file: string | undefined): Map<string, Head> | undefined => {
  if (file === undefined) return new Map()
  try {
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
    const heads = lines.map((line) => JSON.parse(line) as unknown)
    return heads.every(isHead) ? new Map(heads.map((head) => [head.realm, head])) : undefined
  } catch {
    return undefined
  }
}

const realmIds = async function* (store: Store): AsyncGenerator<string> {
  let after: string | undefined
  do {
    const page = await store.realms.list({ after, limit: REALMS_AT_A_TIME })
    for (const { id } of page.items) yield id
    after = page.next
  } while (after !== undefined)
}

const printHeads = (file: string): Promise<number> =>
  withStore(file, async ({ store }) => {
    for await (const realm of realmIds(store)) {
      const { sequence, hash } = await store.realm(realm).audit.head()
      print({ realm, sequence, hash })
    }
    return 0
  })

/** The realms that there are, and those that the heads name. */
const realmsToVerify = async (store: Store, only: string | undefined, heads: ReadonlyMap<string, Head>) => {
  if (only !== undefined) return [only]
  const ids = new Set(heads.keys())
  for await (const id of realmIds(store)) ids.add(id)
  return [...ids].sort()
}

const verify = (file: string, only: string | undefined, heads: ReadonlyMap<string, Head>): Promise<number> =>
  withStore(file, async ({ store, chainKeys }) => {
    let isWhole = true
    for (const realm of await realmsToVerify(store, only, heads)) {
      const isThere = (await store.realms.find(realm)) !== undefined
      const { problems, ...result } = isThere
        ? await verifyAudit(store.realm(realm).audit, chainKeys, heads.get(realm))
        : { problems: [{ problem: 'there is no such realm' }] }
      const ok = problems.length === 0
      print({ realm, ok, ...result, ...(ok ? {} : { problems }) })
      isWhole &&= ok
    }
    return isWhole ? 0 : BROKEN_EXIT_STATUS
  })

const OPTIONS = { realm: { type: 'string' }, heads: { type: 'string' } } as const

const parse = (args: string[]) => {
  try {
    return parseArgs({ args, allowPositionals: true, options: OPTIONS })
  } catch {
    return undefined
  }
}

/** Throws ConfigError, and what the database says. */
export const run = async (args: string[]): Promise<number> => {
  const parsed = parse(args)
  const [name, file = DEFAULT_CONFIG_PATH, ...more] = parsed?.positionals ?? []
  if (!parsed || more.length > 0) return misused(USAGE)
  if (name === 'heads') return await printHeads(file)
  if (name !== 'verify') return misused(USAGE)
  const heads = readHeads(parsed.values.heads)
  if (!heads) return misused('--heads has to be a file that "audit heads" printed')
  return await verify(file, parsed.values.realm, heads)
}
