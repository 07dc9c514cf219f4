/** The authorization endpoint: interactions, pushed requests and codes. */
import { table } from './ddl.ts'
import type { Migration } from './migration.ts'

const client = { columns: ['realm_id', 'client_id'], key: ['realm_id', 'client_id'] }

export const authorization: Migration = {
  id: '0004_authorization',
  statements: (dialect) => [
    ...table(
      dialect,
      'interactions',
      {
        id: 'id',
        realm_id: 'id',
        client_id: 'client_id',
        browser_hash: 'id',
        parameters: 'text',
        pushed_request_hash: 'id?',
        authenticated_at: 'time?',
        consented_at: 'time?',
        created_at: 'time',
        expires_at: 'time',
        completed_at: 'time?',
      },
      {
        primary: ['realm_id', 'id'],
        belongsTo: { clients: client },
        indexes: { interactions_client: ['realm_id', 'client_id'], interactions_expiry: ['expires_at'] },
      },
    ),
    ...table(
      dialect,
      'pushed_requests',
      {
        reference_hash: 'id',
        realm_id: 'id',
        client_id: 'client_id',
        parameters: 'text',
        created_at: 'time',
        expires_at: 'time',
        completed_at: 'time?',
      },
      {
        primary: ['realm_id', 'reference_hash'],
        belongsTo: { clients: client },
        indexes: {
          pushed_requests_client: ['realm_id', 'client_id', 'expires_at'],
          pushed_requests_expiry: ['expires_at'],
        },
      },
    ),
    ...table(
      dialect,
      'authorization_codes',
      {
        code_hash: 'id',
        realm_id: 'id',
        client_id: 'client_id',
        user_id: 'id',
        authorization_id: 'id',
        granted: 'text',
        failed_attempts: 'count',
        created_at: 'time',
        expires_at: 'time',
        used_at: 'time?',
        purge_after: 'time',
      },
      {
        primary: ['realm_id', 'code_hash'],
        belongsTo: {
          clients: client,
          users: { columns: ['realm_id', 'user_id'], key: ['realm_id', 'id'] },
        },
        indexes: {
          authorization_codes_client: ['realm_id', 'client_id'],
          authorization_codes_user: ['realm_id', 'user_id'],
          authorization_codes_purge: ['purge_after'],
        },
      },
    ),
  ],
}
