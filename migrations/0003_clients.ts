/** Clients, and what people have allowed them. */
import { table } from './ddl.ts'
import type { Migration } from './migration.ts'

export const clients: Migration = {
  id: '0003_clients',
  statements: (dialect) => [
    ...table(
      dialect,
      'clients',
      {
        realm_id: 'id',
        client_id: 'client_id',
        secret_hash: 'id?',
        metadata: 'text',
        enabled: 'flag',
        created_at: 'time',
        updated_at: 'time',
      },
      { primary: ['realm_id', 'client_id'], belongsTo: { realms: { columns: ['realm_id'], key: ['id'] } } },
    ),
    ...table(
      dialect,
      'consents',
      { realm_id: 'id', user_id: 'id', client_id: 'client_id', scopes: 'text', granted_at: 'time' },
      {
        primary: ['realm_id', 'user_id', 'client_id'],
        belongsTo: {
          users: { columns: ['realm_id', 'user_id'], key: ['realm_id', 'id'] },
          clients: { columns: ['realm_id', 'client_id'], key: ['realm_id', 'client_id'] },
        },
        indexes: { consents_client: ['realm_id', 'client_id'] },
      },
    ),
  ],
}
