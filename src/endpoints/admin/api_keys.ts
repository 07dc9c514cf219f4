/** /admin/realm/{id}/api_key – keys for programs that administer a realm or look at its sessions. The key itself is shown once. */
import { z } from 'zod'
import { isAdministratorRole } from '../../authentication/administrators.ts'
import { API_KEY_SCOPES, newSecretOf } from '../../authentication/api_key.ts'
import { OAuthError } from '../../oauth/errors.ts'
import { list, text } from '../../oauth/member_shapes.ts'
import { ADMINISTRATORS_REALM } from '../../oauth/realm_settings.ts'
import type { ApiKey } from '../../storage/api_keys.ts'
import type { Realm } from '../../storage/realm_directory.ts'
import { type Clock, toSeconds } from '../../system/clock.ts'
import type { Random } from '../../system/random.ts'
import { readBody, requireNoBody } from '../json_body.ts'
import { notFound, principalOf } from './administrator.ts'
import type { MakeChange } from './change.ts'
import type { Paging } from './paging.ts'
import type { Call, Rows } from './row.ts'

export type ApiKeysDeps = { rows: Rows; paging: Paging; makeChange: MakeChange; clock: Clock; random: Random }

const TEN_YEARS = 315_360_000

const creation = z.strictObject({
  name: text(128),
  roles: list(z.string().max(128).refine(isAdministratorRole, 'must be a role of an administrator'), 100).default([]),
  scopes: list(z.enum(API_KEY_SCOPES), API_KEY_SCOPES.length).min(1, 'must name at least one'),
  expires_in_seconds: z.int().min(1, 'must be at least 1').max(TEN_YEARS, 'must be at most ten years').optional(),
})

const orNull = (time: number | undefined): number | null => (time === undefined ? null : toSeconds(time))

const toWire = (key: ApiKey) => ({
  id: key.id,
  name: key.name,
  roles: key.roles,
  scopes: key.scopes,
  created_by: key.createdBy ?? null,
  created_at: toSeconds(key.createdAt),
  expires_at: orNull(key.expiresAt),
  last_used_at: orNull(key.lastUsedAt),
  revoked_at: orNull(key.revokedAt),
})

/** T-AD-03 – who may be here for the administrators' realm is a super administrator, and has every right that a key can have. */
const requireFit = (realm: Realm, roles: readonly string[]): void => {
  if (realm.id === ADMINISTRATORS_REALM && roles.length === 0)
    throw new OAuthError('unprocessable', 'roles: a key of the administrators realm needs at least one')
  if (realm.id !== ADMINISTRATORS_REALM && roles.length > 0)
    throw new OAuthError('unprocessable', 'roles: only keys of the administrators realm have roles')
}

export const createApiKeysEndpoints = ({ rows, paging, makeChange, clock, random }: ApiKeysDeps) => {
  const find = async (realm: Realm, id: string): Promise<ApiKey> => {
    const key = await realm.store.apiKeys.find(id)
    if (!key) throw notFound()
    return key
  }

  const changeOf = (
    { request, administrator }: Call,
    realm: Realm,
    type: 'created' | 'rotated' | 'revoked',
    target: string,
  ) => ({ request, administrator, realmId: realm.id, type: `api_key.${type}`, target }) as const

  const create = async (call: Call, realm: Realm) => {
    const { name, roles, scopes, expires_in_seconds: lifetime } = readBody(call.request, creation)
    requireFit(realm, roles)
    const id = random.id()
    const { shown, secretHash } = newSecretOf(id, { random })
    const createdAt = clock.now()
    const expiresAt = lifetime === undefined ? undefined : createdAt + lifetime * 1000
    const createdBy = principalOf(call.administrator)
    const key = { id, secretHash, name, roles, scopes, createdBy, createdAt, expiresAt }
    await makeChange({ ...changeOf(call, realm, 'created', id), detail: { name, roles, scopes } }, ({ apiKeys }) =>
      apiKeys.insert(key),
    )
    return { ...toWire({ ...key, realmId: realm.id, lastUsedAt: undefined, revokedAt: undefined }), api_key: shown }
  }

  const rotate = async (call: Call, realm: Realm) => {
    requireNoBody(call.request)
    const before = await find(realm, call.part('keyId'))
    const { shown, secretHash } = newSecretOf(before.id, { random })
    await makeChange(changeOf(call, realm, 'rotated', before.id), async ({ apiKeys }) => {
      if (!(await apiKeys.rotate(before.id, { before: before.secretHash, after: secretHash })))
        throw new OAuthError('conflict', 'The key is revoked, or was changed a moment ago')
    })
    return { ...toWire(before), api_key: shown }
  }

  const listName = (realm: Realm): string => `API keys of ${realm.id}`

  return [
    rows.ofRealm('POST', '/api_key', async (call, realm) => ({ status: 201, body: await create(call, realm) })),

    rows.ofRealm('GET', '/api_key', async ({ request }, realm) => {
      const page = await realm.store.apiKeys.list(paging.read(request, listName(realm)))
      return { body: paging.answer(page, listName(realm), toWire) }
    }),

    rows.ofRealm('GET', '/api_key/:keyId', async ({ part }, realm) => ({
      body: toWire(await find(realm, part('keyId'))),
    })),

    rows.ofRealm('POST', '/api_key/:keyId/rotate', async (call, realm) => ({ body: await rotate(call, realm) })),

    rows.ofRealm('DELETE', '/api_key/:keyId', async (call, realm) => {
      requireNoBody(call.request)
      const { id } = await find(realm, call.part('keyId'))
      await makeChange(changeOf(call, realm, 'revoked', id), async ({ apiKeys }) => {
        // Twice is no error: it is revoked.
        await apiKeys.revoke(id, clock.now())
      })
      return {}
    }),
  ]
}
