/** RFC 9396 – what a person allowed a client in detail, beside the scopes. */
import type { Migration } from './migration.ts'

export const consentDetails: Migration = {
  id: '0016_consent_details',
  statements: () => ['alter table consents add column authorization_details text null'],
}
