/**
 * `auth_server keys list|rotate|revoke` – the signing keys of a realm, for an operator at the machine. Servers that run take the change
 * up within a second. `auth_server keys create` – an API key, printed once, on standard output alone.
 */
import { parseArgs } from 'node:util'
import { isAdministratorRole } from '../authentication/administrators.ts'
import { API_KEY_SCOPES, newSecretOf } from '../authentication/api_key.ts'
import { DEFAULT_CONFIG_PATH } from '../config/load.ts'
import { createKeyLife } from '../keys/key_life.ts'
import { createKeyMaterial } from '../keys/key_material.ts'
import { createSealing } from '../keys/sealing.ts'
import { ADMINISTRATORS_REALM } from '../oauth/realm_settings.ts'
import { SIGNING_ALGS, toSigningAlg } from '../oauth/signing_algs.ts'
import { newAuditEvent } from '../storage/audit_events.ts'
import { systemClock, toSeconds } from '../system/clock.ts'
import { systemRandom } from '../system/random.ts'
import { type OpenedStore, withStore } from './with_store.ts'

const USAGE_EXIT_STATUS = 64
const NOT_FOUND_EXIT_STATUS = 1

const USAGE =
  'usage: keys list [--realm ID] [CONFIG] | keys rotate [--realm ID] --alg ALG [CONFIG] | keys revoke [--realm ID] --kid KID [CONFIG] | keys create --name NAME [--realm ID] [--roles A,B] [--scopes A,B] [--expires-in SECONDS] [CONFIG]'

const OPTIONS = {
  realm: { type: 'string' },
  alg: { type: 'string' },
  kid: { type: 'string' },
  name: { type: 'string' },
  roles: { type: 'string' },
  scopes: { type: 'string' },
  'expires-in': { type: 'string' },
} as const

const print = (value: object): void => {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

const failed = (problem: string, status: number): number => {
  process.stderr.write(`auth_server keys: ${problem}\n`)
  return status
}

type Values = { [K in keyof typeof OPTIONS]?: string }

const withLife = ({ config, store, log }: OpenedStore) => {
  const deps = { config, store, clock: systemClock, random: systemRandom, log }
  return { config, store, life: createKeyLife({ ...deps, material: createKeyMaterial(createSealing(deps)) }) }
}

type Opened = ReturnType<typeof withLife>

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

const wordsOf = (text: string | undefined): string[] => (text ?? '').split(',').filter(Boolean)

/** What is wrong with the wish for a key; undefined when nothing is. */
const wishProblem = (realmId: string, { name, roles, scopes, 'expires-in': expiresIn }: Values): string | undefined => {
  if (name === undefined || name === '') return '--name has to say what the key is for'
  if (!wordsOf(scopes ?? 'admin').every((scope) => API_KEY_SCOPES.some((known) => known === scope)))
    return `--scopes takes ${API_KEY_SCOPES.join(', ')}`
  if (!wordsOf(roles).every(isAdministratorRole)) return '--roles takes super_administrator and realm_administrator:ID'
  if ((realmId === ADMINISTRATORS_REALM) !== wordsOf(roles).length > 0)
    return 'keys of the realm _ need --roles, and no other key has any'
  return expiresIn === undefined || /^[1-9][0-9]{0,8}$/.test(expiresIn) ? undefined : '--expires-in takes seconds'
}

const create = async ({ store }: Opened, realmId: string, values: Values): Promise<number> => {
  const problem = wishProblem(realmId, values)
  if (problem !== undefined) return failed(problem, USAGE_EXIT_STATUS)
  const { name = '', roles, scopes = 'admin', 'expires-in': expiresIn } = values
  const id = systemRandom.id()
  const { shown, secretHash } = newSecretOf(id, { random: systemRandom })
  const createdAt = systemClock.now()
  const key = { id, secretHash, name, roles: wordsOf(roles), scopes: wordsOf(scopes), createdBy: undefined, createdAt }
  const expiresAt = expiresIn === undefined ? undefined : createdAt + Number(expiresIn) * 1000
  const deps = { clock: systemClock, random: systemRandom }
  await store.transaction(async (repositories) => {
    const realm = repositories.realm(realmId)
    await realm.apiKeys.insert({ ...key, expiresAt })
    const detail = { name, roles: key.roles, scopes: key.scopes }
    await realm.audit.insert(newAuditEvent(deps, undefined, { type: 'api_key.created', target: id, detail }))
  })
  process.stdout.write(`${shown}\n`)
  return 0
}

const commands: Record<string, (opened: Opened, realmId: string, values: Values) => Promise<number>> = {
  list,
  create,

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
  return await withStore(file, async (base) => {
    const opened = withLife(base)
    const realmId = parsed.values.realm ?? opened.config.oauth_params.default_realm
    if (!(await opened.store.realms.find(realmId))) return failed('there is no such realm', NOT_FOUND_EXIT_STATUS)
    return await command(opened, realmId, parsed.values)
  })
}
