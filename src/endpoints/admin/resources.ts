/** /admin/realm/{id}/resource – RFC 8707, the protected resources of a realm. A part of its policy. */
import { resourceSchema, resourceUpdateSchema } from '../../oauth/resource_registration.ts'
import type { Resource } from '../../oauth/resources.ts'
import { readBody } from '../json_body.ts'
import { createSettingsListEndpoints, type SettingsListDeps } from './settings_list.ts'

export const createResourcesEndpoints = (deps: SettingsListDeps) =>
  createSettingsListEndpoints<Resource>(deps, {
    word: 'resource',
    nameOf: ({ identifier }) => identifier,
    itemsOf: ({ resources = [] }) => resources,
    withItems: (settings, resources) => ({ ...settings, resources }),
    schema: resourceSchema as never,
    updateOf: (request, identifier) => ({ ...readBody(request, resourceUpdateSchema), identifier }) as Resource,
    max: 200,
  })
