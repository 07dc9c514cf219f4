/** /admin/realm/{id}/scope – the scopes of a realm beside the standard ones, which every realm has. A part of its policy. */
import { scopeSchema, scopeUpdateSchema } from '../../oauth/realm_registration.ts'
import type { RealmSettings } from '../../oauth/realm_settings.ts'
import { readBody } from '../json_body.ts'
import { createSettingsListEndpoints, type SettingsListDeps } from './settings_list.ts'

type Scope = RealmSettings['scopes'][number]

export const createScopesEndpoints = (deps: SettingsListDeps) =>
  createSettingsListEndpoints<Scope>(deps, {
    word: 'scope',
    nameOf: ({ name }) => name,
    itemsOf: ({ scopes }) => scopes,
    withItems: (settings, scopes) => ({ ...settings, scopes }),
    schema: scopeSchema as never,
    updateOf: (request, name) => ({ ...readBody(request, scopeUpdateSchema), name }) as Scope,
    max: 200,
  })
