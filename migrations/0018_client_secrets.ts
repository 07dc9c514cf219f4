/** OpenID Connect Core §9 – the secrets of clients that authenticate with client_secret_jwt, sealed. */
import { table } from './ddl.ts'
import type { Migration } from './migration.ts'

export const clientSecrets: Migration = {
  id: '0018_client_secrets',
  statements: (dialect) =>
    table(
      dialect,
      'client_secrets',
      { realm_id: 'id', client_id: 'client_id', sealed_secret: 'text', created_at: 'time' },
      {
        primary: ['realm_id', 'client_id'],
        belongsTo: { clients: { columns: ['realm_id', 'client_id'], key: ['realm_id', 'client_id'] } },
      },
    ),
}
