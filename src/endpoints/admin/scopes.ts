/** /admin/realm/{id}/scope – the scopes of a realm beside the standard ones, which every realm has. A part of its policy. */
import { OAuthError } from '../../oauth/errors.ts'
import { scopeSchema, scopeUpdateSchema } from '../../oauth/realm_registration.ts'
import type { RealmSettings } from '../../oauth/realm_settings.ts'
import { toPage } from '../../storage/rows.ts'
import type { Clock } from '../../system/clock.ts'
import { readBody, requireNoBody } from '../json_body.ts'
import { notFound } from './administrator.ts'
import type { MakeChange } from './change.ts'
import type { Paging } from './paging.ts'
import type { Call, Rows } from './row.ts'

export type ScopesDeps = { rows: Rows; paging: Paging; makeChange: MakeChange; clock: Clock }

type Scope = RealmSettings['scopes'][number]

const MAX_SCOPES = 200

const find = (scopes: readonly Scope[], name: string): Scope => {
  const scope = scopes.find((item) => item.name === name)
  if (!scope) throw notFound()
  return scope
}

export const createScopesEndpoints = ({ rows, paging, makeChange, clock }: ScopesDeps) => {
  /** The list as it is inside the transaction, so that two administrators do not undo each other's change. */
  const change = (
    { request, administrator }: Call,
    { realmId, name }: { realmId: string; name: string },
    work: (scopes: readonly Scope[]) => Scope[],
  ): Promise<void> => {
    const detail = { scope: name }
    const event = { request, administrator, realmId, type: 'realm.updated', target: realmId, detail } as const
    return makeChange(event, async (_realmStore, { realms }) => {
      const record = await realms.find(realmId)
      if (!record) throw notFound()
      await realms.update(realmId, { ...record.settings, scopes: work(record.settings.scopes) }, clock.now())
    })
  }

  return [
    rows.ofRealm('POST', '/scope', async (call, realm) => {
      const scope = readBody(call.request, scopeSchema)
      await change(call, { realmId: realm.id, name: scope.name }, (scopes) => {
        if (scopes.some((item) => item.name === scope.name))
          throw new OAuthError('conflict', 'There is a scope of that name')
        if (scopes.length >= MAX_SCOPES) throw new OAuthError('unprocessable', 'A realm has at most 200 scopes')
        return [...scopes, scope]
      })
      return { status: 201, body: scope }
    }),

    rows.ofRealm('GET', '/scope', async ({ request }, realm) => {
      const list = `scopes of ${realm.id}`
      const { after = '', limit } = paging.read(request, list)
      const later = realm.settings.scopes
        .filter(({ name }) => name > after)
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .slice(0, limit + 1)
      const page = toPage(later, limit, ({ name }) => name)
      return { body: paging.answer(page, list, (scope) => scope) }
    }),

    rows.ofRealm('GET', '/scope/:name', async ({ part }, realm) => ({
      body: find(realm.settings.scopes, part('name')),
    })),

    rows.ofRealm('PUT', '/scope/:name', async (call, realm) => {
      const name = call.part('name')
      const scope = { ...readBody(call.request, scopeUpdateSchema), name }
      await change(call, { realmId: realm.id, name }, (scopes) => {
        find(scopes, name)
        return scopes.map((item) => (item.name === name ? scope : item))
      })
      return { body: scope }
    }),

    rows.ofRealm('DELETE', '/scope/:name', async (call, realm) => {
      requireNoBody(call.request)
      const name = call.part('name')
      await change(call, { realmId: realm.id, name }, (scopes) => {
        find(scopes, name)
        return scopes.filter((item) => item.name !== name)
      })
      return {}
    }),
  ]
}
