/** Audit events, in the order in which they are listed. */
import { table } from './ddl.ts'
import type { Migration } from './migration.ts'

export const auditEvents: Migration = {
  id: '0007_audit_events',
  statements: (dialect) =>
    table(
      dialect,
      'audit_events',
      {
        id: 'id',
        realm_id: 'id',
        occurred_at: 'time',
        type: 'text',
        outcome: 'text',
        principal: 'text?',
        target: 'text?',
        ip: 'text?',
        request_id: 'text?',
        detail: 'text',
      },
      {
        primary: ['realm_id', 'occurred_at', 'id'],
        belongsTo: { realms: { columns: ['realm_id'], key: ['id'] } },
      },
    ),
}
