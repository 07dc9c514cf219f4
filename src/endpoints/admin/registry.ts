/** The administration API: everything under /admin. */
import type { Endpoint } from '../../http/endpoint.ts'
import { type AdministratorDeps, createRequireAdministrator } from './administrator.ts'
import { type ApiKeysDeps, createApiKeysEndpoints } from './api_keys.ts'
import { type ChangeDeps, createMakeChange } from './change.ts'
import { type ClientsDeps, createClientsEndpoints } from './clients.ts'
import { createKeysEndpoints, type KeysDeps } from './keys.ts'
import { createObservationEndpoints, type ObservationDeps } from './observation.ts'
import { createPaging, type PagingDeps } from './paging.ts'
import { createRealmsEndpoints, type RealmsDeps } from './realms.ts'
import { createResourcesEndpoints } from './resources.ts'
import { createRows, type RowDeps } from './row.ts'
import { createScopesEndpoints } from './scopes.ts'
import type { SettingsListDeps } from './settings_list.ts'
import { createTotpEndpoints, type TotpEndpointsDeps } from './totp.ts'
import { createUserCertificatesEndpoints, type UserCertificatesDeps } from './user_certificates.ts'
import { createUsersEndpoints, type UsersDeps } from './users.ts'

type Tools = 'rows' | 'paging' | 'makeChange'

export type AdministrationDeps = AdministratorDeps &
  Omit<RowDeps, 'requireAdministrator'> &
  PagingDeps &
  ChangeDeps &
  Omit<
    ApiKeysDeps &
      KeysDeps &
      RealmsDeps &
      SettingsListDeps &
      UsersDeps &
      UserCertificatesDeps &
      TotpEndpointsDeps &
      ClientsDeps &
      ObservationDeps,
    Tools
  >

export const createAdministrationEndpoints = (deps: AdministrationDeps): Endpoint[] => {
  const requireAdministrator = createRequireAdministrator(deps)
  const tools = {
    ...deps,
    rows: createRows({ ...deps, requireAdministrator }),
    paging: createPaging(deps),
    makeChange: createMakeChange(deps),
  }
  return [
    ...createRealmsEndpoints(tools),
    ...createScopesEndpoints(tools),
    ...createResourcesEndpoints(tools),
    ...createUsersEndpoints(tools),
    ...createUserCertificatesEndpoints(tools),
    ...createTotpEndpoints(tools),
    ...createClientsEndpoints(tools),
    ...createObservationEndpoints(tools),
    ...createKeysEndpoints(tools),
    ...createApiKeysEndpoints(tools),
  ]
}
