/** /admin/realm – realms and their policy. Super administrators make and delete them; their administrators set the policy. */
import { realmAdministrator } from '../../authentication/administrators.ts'
import { createSealSecret } from '../../authentication/upstream_secret.ts'
import { createSealing, type SealingDeps } from '../../keys/sealing.ts'
import { OAuthError } from '../../oauth/errors.ts'
import {
  realmCreationSchema,
  realmUpdateSchema,
  toRealmSettings,
  withoutSecrets,
} from '../../oauth/realm_registration.ts'
import { ADMINISTRATORS_REALM, type RealmSettings } from '../../oauth/realm_settings.ts'
import type { Sessions } from '../../sessions/sessions.ts'
import { isDuplicateKey } from '../../storage/database.ts'
import type { RealmDirectory } from '../../storage/realm_directory.ts'
import type { RealmRecord } from '../../storage/realms.ts'
import { type Page, toPage } from '../../storage/rows.ts'
import type { RealmStore, Store } from '../../storage/store.ts'
import type { Clock } from '../../system/clock.ts'
import { readBody, requireNoBody } from '../json_body.ts'
import { type Administrator, notFound, requireSuper } from './administrator.ts'
import type { MakeChange } from './change.ts'
import type { PageRequest, Paging } from './paging.ts'
import type { Rows } from './row.ts'

export type RealmsDeps = SealingDeps & {
  rows: Rows
  paging: Paging
  makeChange: MakeChange
  store: Pick<Store, 'realms'>
  realms: Pick<RealmDirectory, 'forget' | 'defaultRealm'>
  sessions: Pick<Sessions, 'endByRealm'>
  clock: Clock
}

const LIST = 'realms'

const USERS_AT_A_TIME = 200

const toWire = (realm: { id: string; settings: RealmSettings }) => ({
  id: realm.id,
  ...withoutSecrets(realm.settings),
})

const conflict = (description: string): OAuthError => new OAuthError('conflict', description)

/** A realm that is made under the same name later must not have the administrators of this one. */
const takeRight = async (administrators: RealmStore, realmId: string): Promise<void> => {
  const role = realmAdministrator(realmId)
  let after: string | undefined
  do {
    const page = await administrators.users.list({ after, limit: USERS_AT_A_TIME })
    for (const user of page.items.filter((item) => item.roles.includes(role)))
      await administrators.users.update({ ...user, roles: user.roles.filter((name) => name !== role) })
    after = page.next
  } while (after !== undefined)
}

/** While it is the only way in, turning it off would lock out everybody for good. */
const requireWayIn = (realmId: string, settings: RealmSettings): void => {
  if (realmId === ADMINISTRATORS_REALM && !settings.auth_params.username_password_params)
    throw new OAuthError('unprocessable', 'auth_params: the administrators realm needs username_password_params')
}

export const createRealmsEndpoints = (deps: RealmsDeps) => {
  const { rows, paging, makeChange, store, realms, sessions, clock } = deps
  const sealing = createSealing(deps)

  const listOwn = async (administrator: Administrator, page: PageRequest): Promise<Page<RealmRecord>> => {
    const ids = [...new Set(administrator.realms)].sort().filter((id) => page.after === undefined || id > page.after)
    const known = await Promise.all(ids.slice(0, page.limit + 1).map((id) => store.realms.find(id)))
    return toPage(
      known.filter((realm) => realm !== undefined),
      page.limit,
      (realm) => realm.id,
    )
  }

  return [
    rows.ofServer('POST', '/realm', async ({ request, administrator }) => {
      requireSuper(administrator)
      const body = readBody(request, realmCreationSchema)
      const settings = toRealmSettings(body, createSealSecret(sealing, body.id, undefined))
      const change = {
        request,
        administrator,
        realmId: ADMINISTRATORS_REALM,
        type: 'realm.created',
        target: body.id,
      } as const
      try {
        await makeChange(change, (_administrators, repositories) =>
          repositories.realms.insert({ id: body.id, settings, now: clock.now() }),
        )
      } catch (error) {
        throw isDuplicateKey(error) ? conflict('There is a realm of that id') : error
      }
      realms.forget(body.id)
      return { status: 201, body: toWire({ id: body.id, settings }) }
    }),

    rows.ofServer('GET', '/realm', async ({ request, administrator }) => {
      const page = paging.read(request, LIST)
      const found = administrator.isSuper ? await store.realms.list(page) : await listOwn(administrator, page)
      return { body: paging.answer(found, LIST, toWire) }
    }),

    rows.ofRealm('GET', '', async (_call, realm) => ({ body: toWire(realm) })),

    rows.ofRealm('PUT', '', async ({ request, administrator }, realm) => {
      const body = readBody(request, realmUpdateSchema)
      const settings = toRealmSettings(body, createSealSecret(sealing, realm.id, realm.settings))
      requireWayIn(realm.id, settings)
      const change = { request, administrator, realmId: realm.id, type: 'realm.updated', target: realm.id } as const
      await makeChange(change, (_realmStore, repositories) =>
        repositories.realms.update(realm.id, settings, clock.now()),
      )
      return { body: toWire({ id: realm.id, settings }) }
    }),

    rows.ofRealm('DELETE', '', async ({ request, administrator }, realm) => {
      requireSuper(administrator)
      requireNoBody(request)
      if (realm.id === ADMINISTRATORS_REALM) throw conflict('The administrators realm cannot be deleted')
      if (realm.id === realms.defaultRealm) throw conflict('The default realm of the configuration cannot be deleted')
      // Its own events go with it: where they ended stays on record.
      const { sequence, hash } = await realm.store.audit.head()
      const change = {
        request,
        administrator,
        realmId: ADMINISTRATORS_REALM,
        type: 'realm.deleted',
        target: realm.id,
        detail: { audit_sequence: sequence, audit_hash: hash },
      } as const
      await makeChange(change, async (administrators, repositories) => {
        if (!(await repositories.realms.delete(realm.id))) throw notFound()
        await takeRight(administrators, realm.id)
      })
      realms.forget(realm.id)
      await sessions.endByRealm(realm.id)
      return {}
    }),
  ]
}
