/** Logout that reaches clients: which of them know a session, and the notices that are still to be delivered. */
import { table } from './ddl.ts'
import type { Migration } from './migration.ts'

const client = { columns: ['realm_id', 'client_id'], key: ['realm_id', 'client_id'] }

export const logout: Migration = {
  id: '0013_logout',
  statements: (dialect) => [
    ...table(
      dialect,
      'session_clients',
      {
        realm_id: 'id',
        session_id: 'id',
        client_id: 'client_id',
        sid: 'id',
        user_id: 'id',
        purge_after: 'time',
      },
      {
        // Not of the user: who is deleted is to be signed out everywhere.
        primary: ['session_id', 'client_id', 'sid'],
        belongsTo: { clients: client },
        indexes: {
          session_clients_client: ['realm_id', 'client_id'],
          session_clients_purge: ['purge_after'],
        },
      },
    ),
    ...table(
      dialect,
      'logout_deliveries',
      {
        id: 'id',
        realm_id: 'id',
        client_id: 'client_id',
        sid: 'id',
        user_id: 'id',
        attempts: 'count',
        created_at: 'time',
        next_attempt_at: 'time',
      },
      {
        primary: ['id'],
        belongsTo: { clients: client },
        indexes: {
          logout_deliveries_client: ['realm_id', 'client_id', 'sid'],
          logout_deliveries_due: ['next_attempt_at'],
        },
      },
    ),
  ],
}
