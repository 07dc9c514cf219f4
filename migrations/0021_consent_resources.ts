/** RFC 8707 – what a person allowed a client to reach. */
import type { Migration } from './migration.ts'

export const consentResources: Migration = {
  id: '0021_consent_resources',
  statements: () => ['alter table consents add column resources text null'],
}
