/**
 * `auth_server keys list|rotate|revoke` – the signing keys of a realm, for an operator at the machine. Servers that run take the change
 * up within a second.
 */
import { parseArgs } from 'node:util'
import { processEnvironment } from '../config/environment.ts'
import { DEFAULT_CONFIG_PATH, loadConfig } from '../config/load.ts'
import { createKeyLife } from '../keys/key_life.ts'
import { createKeyMaterial } from '../keys/key_material.ts'
import { createSealing } from '../keys/sealing.ts'
import { SIGNING_ALGS, toSigningAlg } from '../oauth/signing_algs.ts'
import { chainKeysOf } from '../storage/audit_chain.ts'
import { openDatabase } from '../storage/database.ts'
import { createStore } from '../storage/store.ts'
import { systemClock, toSeconds } from '../system/clock.ts'
import { createLog } from '../system/log.ts'
import { systemRandom } from '../system/random.ts'

const USAGE_EXIT_STATUS = 64
const NOT_FOUND_EXIT_STATUS = 1

const USAGE =
  'usage: keys list [--realm ID] [CONFIG] | keys rotate [--realm ID] --alg ALG [CONFIG] | keys revoke [--realm ID] --kid KID [CONFIG]'

const OPTIONS = { realm: { type: 'string' }, alg: { type: 'string' }, kid: { type: 'string' } } as const

const print = (value: object): void => {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

const failed = (problem: string, status: number): number => {
  process.stderr.write(`auth_server keys: ${problem}\n`)
  return status
}

type Values = { realm?: string; alg?: string; kid?: string }

const open = (file: string) => {
  const config = loadConfig(file, processEnvironment())
  // Standard output is for the answer.
  const log = createLog({ ...config.log_params, level: 'silent' })
  const database = openDatabase(config.database_params, log)
  const store = createStore(database, chainKeysOf(config.secrets_params))
  const deps = { config, store, clock: systemClock, random: systemRandom, log }
  const life = createKeyLife({ ...deps, material: createKeyMaterial(createSealing(deps)) })
  return { config, store, life }
}

type Opened = ReturnType<typeof open>

const list = async ({ store }: Opened, realmId: string): Promise<number> => {
  for (const { kid, alg, state, createdAt, activatedAt, dueAt } of await store.realm(realmId).signingKeys.list())
    print({
      kid,
      alg,
      state,
      created_at: toSeconds(createdAt),
      activated_at: activatedAt === undefined ? null : toSeconds(activatedAt),
      next_change_at: dueAt === undefined ? null : toSeconds(dueAt),
    })
  return 0
}

const commands: Record<string, (opened: Opened, realmId: string, values: Values) => Promise<number>> = {
  list,

  async rotate(opened, realmId, { alg }) {
    const wanted = toSigningAlg(alg)
    if (!wanted) return failed(`--alg has to be one of ${SIGNING_ALGS.join(', ')}`, USAGE_EXIT_STATUS)
    await opened.life.rotate(realmId, wanted, {})
    return await list(opened, realmId)
  },

  async revoke(opened, realmId, { kid }) {
    if (kid === undefined) return failed('--kid has to name the key', USAGE_EXIT_STATUS)
    if (!(await opened.life.revoke(realmId, kid, {})))
      return failed('there is no key of that name in the realm', NOT_FOUND_EXIT_STATUS)
    return await list(opened, realmId)
  },
}

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
  const [name = '', file = DEFAULT_CONFIG_PATH, ...more] = parsed?.positionals ?? []
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!parsed || !command || more.length > 0) return failed(USAGE, USAGE_EXIT_STATUS)
  const opened = open(file)
  try {
    const realmId = parsed.values.realm ?? opened.config.oauth_params.default_realm
    if (!(await opened.store.realms.find(realmId))) return failed('there is no such realm', NOT_FOUND_EXIT_STATUS)
    return await command(opened, realmId, parsed.values)
  } finally {
    await opened.store.close()
  }
}
