/** API keys of a realm: for programs that administer it, or look at its sessions. */
import { table } from './ddl.ts'
import type { Migration } from './migration.ts'

export const apiKeys: Migration = {
  id: '0050_api_keys',
  statements: (dialect) =>
    table(
      dialect,
      'api_keys',
      {
        id: 'id',
        realm_id: 'id',
        secret_hash: 'id',
        name: 'text',
        roles: 'text',
        scopes: 'text',
        created_by: 'text?',
        created_at: 'time',
        expires_at: 'time?',
        last_used_at: 'time?',
        revoked_at: 'time?',
      },
      {
        primary: ['id'],
        belongsTo: { realms: { columns: ['realm_id'], key: ['id'] } },
        indexes: { api_keys_realm: ['realm_id', 'id'] },
      },
    ),
}
