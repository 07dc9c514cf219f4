/** /admin/realm/{id}/user – the people of a realm. Passwords go in and never come out. */
import {
  isAdministratorRole,
  realmAdministrator,
  rightsOf,
  SUPER_ADMINISTRATOR,
} from '../../authentication/administrators.ts'
import type { PasswordHashing } from '../../authentication/password_hashing.ts'
import {
  checkNewPassword,
  describePasswordProblem,
  type PasswordContext,
} from '../../authentication/password_policy.ts'
import { importProblem } from '../../authentication/password_schemes/registry.ts'
import type { Totp } from '../../authentication/totp.ts'
import { OAuthError } from '../../oauth/errors.ts'
import { ADMINISTRATORS_REALM, isRealmId } from '../../oauth/realm_settings.ts'
import {
  type PasswordSetting,
  passwordSettingSchema,
  userCreationSchema,
  userUpdateSchema,
} from '../../oauth/user_registration.ts'
import { usernameProblem } from '../../oauth/username.ts'
import type { Sessions } from '../../sessions/sessions.ts'
import { isDuplicateKey } from '../../storage/database.ts'
import type { Realm } from '../../storage/realm_directory.ts'
import type { RealmStore } from '../../storage/store.ts'
import type { User } from '../../storage/users.ts'
import type { Clock } from '../../system/clock.ts'
import type { Random } from '../../system/random.ts'
import { readBody, requireNoBody } from '../json_body.ts'
import { notFound } from './administrator.ts'
import type { MakeChange } from './change.ts'
import type { Paging } from './paging.ts'
import type { Call, Rows } from './row.ts'

export type UsersDeps = {
  rows: Rows
  paging: Paging
  makeChange: MakeChange
  passwordHashing: Pick<PasswordHashing, 'hash'>
  sessions: Pick<Sessions, 'endByUser'>
  totp: Pick<Totp, 'isEnabled'>
  clock: Clock
  random: Random
}

const toWire = (user: User, isTotpEnabled: boolean) => ({
  username: user.username,
  sub: user.id,
  enabled: user.enabled,
  change_password: user.changePassword,
  totp_enabled: isTotpEnabled,
  roles: user.roles,
  groups: user.groups,
  claims: user.claims,
  identities: user.identities,
  ...(user.certificate === undefined ? {} : { certificate: user.certificate }),
})

const unprocessable = (description: string): OAuthError => new OAuthError('unprocessable', description)

/** T-AD-03 – the roles of administrators mean something in one realm only, where only super administrators reach. */
const checkRoles = (realmId: string, roles: string[]): void => {
  const own = roles.filter(isAdministratorRole)
  if (realmId !== ADMINISTRATORS_REALM && own.length > 0)
    throw unprocessable('roles: administrator roles are for the administrators realm only')
  const named = own.filter((role) => role !== SUPER_ADMINISTRATOR)
  if (!named.every((role) => rightsOf([role]).realms.some((id) => isRealmId(id) && realmAdministrator(id) === role)))
    throw unprocessable('roles: realm_administrator must be followed by a colon and the id of a realm')
}

const isSuperAdministrator = (user: User): boolean => user.enabled && rightsOf(user.roles).isSuper

/** Without one, nobody could ever make another. `after` is undefined when the user is deleted. */
const requireAnotherSuper = async (realmStore: RealmStore, before: User, after: User | undefined): Promise<void> => {
  if (before.realmId !== ADMINISTRATORS_REALM || !isSuperAdministrator(before)) return
  if (after && isSuperAdministrator(after)) return
  if (!(await realmStore.users.hasAnyWithRole(SUPER_ADMINISTRATOR, { except: before.id })))
    throw new OAuthError('conflict', 'The last super administrator has to remain one')
}

/** Throws not_found. */
export const findUser = async (realmStore: RealmStore, username: string): Promise<User> => {
  const user = usernameProblem(username) === undefined ? await realmStore.users.findByUsername(username) : undefined
  if (!user) throw notFound()
  return user
}

export const createUsersEndpoints = (deps: UsersDeps) => {
  const { rows, paging, makeChange, passwordHashing, sessions, totp, clock, random } = deps

  /** T-BF-08 – what every login of this user will have to compute is bounded. */
  const checkMovedIn = (passwordHash: string): string => {
    const problem = importProblem(passwordHash)
    if (problem !== undefined) throw unprocessable(`password_hash: ${problem}`)
    return passwordHash
  }

  const toPasswordHash = async (
    body: Pick<PasswordSetting, 'password' | 'password_hash'>,
    context: PasswordContext,
  ): Promise<string | undefined> => {
    if (body.password === undefined)
      return body.password_hash === undefined ? undefined : checkMovedIn(body.password_hash)
    const checked = checkNewPassword(body.password, context)
    if (checked.problem !== undefined) throw unprocessable(`password: ${describePasswordProblem(checked.problem)}`)
    return await passwordHashing.hash(checked.password)
  }

  const create = async (call: Call, realm: Realm): Promise<User> => {
    const body = readBody(call.request, userCreationSchema)
    checkRoles(realm.id, body.roles)
    const passwordHash = await toPasswordHash(body, { username: body.username, realmId: realm.id })
    const now = clock.now()
    const user: User = {
      realmId: realm.id,
      id: random.id(),
      username: body.username,
      passwordHash,
      passwordChangedAt: passwordHash === undefined ? undefined : now,
      changePassword: body.change_password ?? false,
      enabled: body.enabled ?? true,
      roles: body.roles,
      groups: body.groups,
      claims: body.claims,
      identities: body.identities,
      certificate: body.certificate,
      createdAt: now,
      updatedAt: now,
    }
    const { request, administrator } = call
    const change = { request, administrator, realmId: realm.id, type: 'user.created', target: user.id } as const
    try {
      await makeChange(change, (realmStore) => realmStore.users.insert(user))
    } catch (error) {
      throw isDuplicateKey(error) ? new OAuthError('conflict', 'There is a user of that name') : error
    }
    return user
  }

  const update = async (call: Call, realm: Realm): Promise<User> => {
    const body = readBody(call.request, userUpdateSchema)
    checkRoles(realm.id, body.roles)
    const { id: target } = await findUser(realm.store, call.part('username'))
    const { request, administrator } = call
    const change = { request, administrator, realmId: realm.id, type: 'user.updated', target } as const
    return await makeChange(change, async (realmStore) => {
      // T-AD-04 – by the immutable id, and as the user is inside this transaction.
      const before = await realmStore.users.find(target)
      if (!before) throw notFound()
      const after: User = {
        ...before,
        enabled: body.enabled ?? before.enabled,
        changePassword: body.change_password ?? before.changePassword,
        roles: body.roles,
        groups: body.groups,
        claims: body.claims,
        identities: body.identities,
        certificate: body.certificate,
        updatedAt: clock.now(),
      }
      await requireAnotherSuper(realmStore, before, after)
      await realmStore.users.update(after)
      // T-LC-01 – what was issued before does not come back to life when the user is enabled again.
      if (!after.enabled) await realmStore.refreshFamilies.revokeByUser(target, 'user_disabled', clock.now())
      return after
    })
  }

  const remove = async (call: Call, realm: Realm): Promise<void> => {
    requireNoBody(call.request)
    const { id: target } = await findUser(realm.store, call.part('username'))
    const { request, administrator } = call
    const change = { request, administrator, realmId: realm.id, type: 'user.deleted', target } as const
    await makeChange(change, async (realmStore) => {
      const before = await realmStore.users.find(target)
      if (!before) throw notFound()
      await requireAnotherSuper(realmStore, before, undefined)
      await realmStore.users.delete(target)
    })
    await sessions.endByUser(realm.id, target)
  }

  const setPassword = async (call: Call, realm: Realm): Promise<void> => {
    const body = readBody(call.request, passwordSettingSchema)
    const { id: target, username } = await findUser(realm.store, call.part('username'))
    const passwordHash = await toPasswordHash(body, { username, realmId: realm.id })
    if (passwordHash === undefined) throw unprocessable('password: must be given, or password_hash instead')
    // Known to two people, so it is to be changed – unless the realm would lock the user out for it. A hash tells nobody.
    const mayChange = realm.settings.auth_params.username_password_params?.allow_expired_passwords ?? false
    const mustChange = body.change_password ?? (body.password !== undefined && mayChange)
    const { request, administrator } = call
    const change = { request, administrator, realmId: realm.id, type: 'user.password_changed', target } as const
    await makeChange(change, async (realmStore) => {
      const now = clock.now()
      const user = await realmStore.users.find(target)
      const changes = { passwordHash, passwordChangedAt: now, changePassword: mustChange }
      if (!user) throw notFound()
      if (!(await realmStore.users.replacePassword(user, changes)))
        throw new OAuthError('conflict', 'The password was changed by another request')
      await realmStore.refreshFamilies.revokeByUser(target, 'password_changed', now)
    })
    await sessions.endByUser(realm.id, target)
  }

  const withTotp = async (realm: Realm, user: User) => toWire(user, await totp.isEnabled(realm, user.id))

  const listName = (realm: Realm): string => `users of ${realm.id}`

  const passwordRow = async (call: Call, realm: Realm) => {
    await setPassword(call, realm)
    return {}
  }

  return [
    rows.ofRealm('POST', '/user', async (call, realm) => ({
      status: 201,
      body: toWire(await create(call, realm), false),
    })),

    rows.ofRealm('GET', '/user', async ({ request }, realm) => {
      const page = await realm.store.users.list(paging.read(request, listName(realm)))
      const enrolled = await realm.store.totpCredentials.listUserIds(page.items.map((user) => user.id))
      return { body: paging.answer(page, listName(realm), (user) => toWire(user, enrolled.has(user.id))) }
    }),

    rows.ofRealm('GET', '/user/:username', async (call, realm) => ({
      body: await withTotp(realm, await findUser(realm.store, call.part('username'))),
    })),

    rows.ofRealm('PUT', '/user/:username', async (call, realm) => {
      const user = await update(call, realm)
      // Again on every such request: if the session store could not be reached before, it is asked again.
      if (!user.enabled) await sessions.endByUser(realm.id, user.id)
      return { body: await withTotp(realm, user) }
    }),

    rows.ofRealm('DELETE', '/user/:username', async (call, realm) => {
      await remove(call, realm)
      return {}
    }),

    rows.ofRealm('PUT', '/user/:username/password', passwordRow),
    rows.ofRealm('POST', '/user/:username/password', passwordRow),
  ]
}
