/** The first start: the administrators' realm, the default realm, and a way to the first administrator. */
import { SUPER_ADMINISTRATOR } from './authentication/administrators.ts'
import { createFirstAdministrator } from './authentication/first_administrator.ts'
import type { PasswordHashing } from './authentication/password_hashing.ts'
import { checkNewPassword, describePasswordProblem, toPassword } from './authentication/password_policy.ts'
import { SETUP_LINK_TTL_MS, setupUrl } from './authentication/setup_link.ts'
import type { Config } from './config/schema.ts'
import { ADMINISTRATORS_REALM, type RealmSettings } from './oauth/realm_settings.ts'
import { usernameProblem } from './oauth/username.ts'
import { isDuplicateKey } from './storage/database.ts'
import type { Store } from './storage/store.ts'
import type { Clock } from './system/clock.ts'
import { sha256 } from './system/hashing.ts'
import type { Log } from './system/log.ts'
import type { Random } from './system/random.ts'

export type BootstrapDeps = {
  config: { oauth_params: Pick<Config['oauth_params'], 'issuer' | 'default_realm'> } & Pick<
    Config,
    'initial_administrator'
  >
  store: Store
  passwordHashing: Pick<PasswordHashing, 'hash'>
  clock: Clock
  random: Random
  log: Log
}

/** Username and password on, 8 hours absolute, 1 hour idle; the standard scopes need no entry. */
const DEFAULT_SETTINGS: RealmSettings = {
  auth_params: { username_password_params: { allow_expired_passwords: true } },
  session_max_age_seconds: 28_800,
  session_max_stale_age_seconds: 3_600,
  scopes: [],
}

/** The scope with which a client may administer on an administrator's behalf. */
const ADMINISTRATORS_SETTINGS: RealmSettings = {
  ...DEFAULT_SETTINGS,
  scopes: [{ name: 'admin', description: 'Administer this server as you can' }],
}

const ensureRealm = async (deps: BootstrapDeps, id: string, settings: RealmSettings): Promise<void> => {
  if ((await deps.store.realms.findVersion(id)) !== undefined) return
  try {
    await deps.store.transaction(({ realms }) => realms.insert({ id, settings, now: deps.clock.now() }))
    deps.log.info({ realm: id }, 'realm created')
  } catch (error) {
    // Another node was a moment faster.
    if (!isDuplicateKey(error)) throw error
  }
}

const hasAdministrator = (deps: BootstrapDeps): Promise<boolean> =>
  deps.store.realm(ADMINISTRATORS_REALM).users.hasAnyWithRole(SUPER_ADMINISTRATOR)

/** The operator's own choice is taken, and what is weak about it is said. */
const warnOfWeakness = (deps: BootstrapDeps, username: string, text: string): void => {
  const checked = checkNewPassword(text, { username, realmId: ADMINISTRATORS_REALM })
  if (checked.problem !== undefined)
    deps.log.warn(
      { hint: describePasswordProblem(checked.problem) },
      'the initial password of the administrator is weak',
    )
}

/** False when the environment names nobody who can be created. */
const createFromEnvironment = async (deps: BootstrapDeps): Promise<boolean> => {
  const initial = deps.config.initial_administrator
  if (!initial) return false
  const problem = usernameProblem(initial.username)
  const password = toPassword(initial.password)
  if (problem !== undefined || password === undefined) {
    deps.log.error(
      { hint: problem ?? 'the password is empty or too long' },
      'the initial administrator was not created',
    )
    return false
  }
  warnOfWeakness(deps, initial.username, initial.password)
  const passwordHash = await deps.passwordHashing.hash(password)
  const create = createFirstAdministrator(deps)
  try {
    if (await create({ username: initial.username, passwordHash, facts: undefined }))
      deps.log.info('the initial administrator was created from the environment')
    return true
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    deps.log.error('the initial administrator was not created: a user without rights has that name')
    return false
  }
}

/** Only the link that was printed last works; only its hash is kept. */
const createSetupLink = async (deps: BootstrapDeps): Promise<string> => {
  const token = deps.random.secret()
  const now = deps.clock.now()
  await deps.store.transaction((repositories) =>
    repositories.setupTokens.replace(sha256(token), now, now + SETUP_LINK_TTL_MS),
  )
  return setupUrl(deps.config.oauth_params.issuer, token)
}

/** Safe when several nodes start at once. `setupUrl`: show it to the operator, there is no administrator yet. */
export const bootstrap = async (deps: BootstrapDeps): Promise<{ setupUrl?: string }> => {
  await ensureRealm(deps, ADMINISTRATORS_REALM, ADMINISTRATORS_SETTINGS)
  await ensureRealm(deps, deps.config.oauth_params.default_realm, DEFAULT_SETTINGS)
  if (await hasAdministrator(deps)) return {}
  if (await createFromEnvironment(deps)) return {}
  return { setupUrl: await createSetupLink(deps) }
}
