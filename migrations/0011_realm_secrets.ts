/** Secrets that a realm made for itself and that all nodes share: one of each purpose. */
import { table } from './ddl.ts'
import type { Migration } from './migration.ts'

export const realmSecrets: Migration = {
  id: '0011_realm_secrets',
  statements: (dialect) =>
    table(
      dialect,
      'realm_secrets',
      { realm_id: 'id', purpose: 'word', secret: 'id', created_at: 'time' },
      {
        primary: ['realm_id', 'purpose'],
        belongsTo: { realms: { columns: ['realm_id'], key: ['id'] } },
      },
    ),
}
