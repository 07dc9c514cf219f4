/** Events that are beyond retention, and events of one type, are found without reading all of them. */
import type { Migration } from './migration.ts'

export const auditAge: Migration = {
  id: '0046_audit_age',
  statements: () => ['create index audit_events_age on audit_events (occurred_at)'],
}
