/** Refresh token families, revocations and the marks of what may be presented once. */
import { table } from './ddl.ts'
import type { Migration } from './migration.ts'

export const tokens: Migration = {
  id: '0005_tokens',
  statements: (dialect) => [
    ...table(
      dialect,
      'refresh_families',
      {
        id: 'id',
        realm_id: 'id',
        client_id: 'client_id',
        user_id: 'id',
        session_id: 'id?',
        granted: 'text',
        current_token_hash: 'id',
        created_at: 'time',
        rotated_at: 'time',
        idle_expires_at: 'time',
        expires_at: 'time',
        revoked_at: 'time?',
        revoke_reason: 'text?',
      },
      {
        primary: ['realm_id', 'id'],
        unique: { refresh_families_current_token: ['current_token_hash'] },
        belongsTo: {
          clients: { columns: ['realm_id', 'client_id'], key: ['realm_id', 'client_id'] },
          users: { columns: ['realm_id', 'user_id'], key: ['realm_id', 'id'] },
        },
        indexes: {
          refresh_families_client: ['realm_id', 'client_id'],
          refresh_families_user: ['realm_id', 'user_id'],
          refresh_families_expiry: ['expires_at'],
        },
      },
    ),
    ...table(
      dialect,
      'replaced_refresh_tokens',
      {
        token_hash: 'id',
        realm_id: 'id',
        family_id: 'id',
        successor_salt: 'text',
        replaced_at: 'time',
        retried_at: 'time?',
        purge_after: 'time',
      },
      {
        primary: ['realm_id', 'token_hash'],
        belongsTo: { refresh_families: { columns: ['realm_id', 'family_id'], key: ['realm_id', 'id'] } },
        indexes: {
          replaced_refresh_tokens_family: ['realm_id', 'family_id'],
          replaced_refresh_tokens_purge: ['purge_after'],
        },
      },
    ),
    ...table(
      dialect,
      'revocations',
      { realm_id: 'id', id: 'id', reason: 'text', revoked_at: 'time', purge_after: 'time' },
      {
        primary: ['realm_id', 'id'],
        belongsTo: { realms: { columns: ['realm_id'], key: ['id'] } },
        indexes: { revocations_purge: ['purge_after'] },
      },
    ),
    ...table(
      dialect,
      'replay_marks',
      { mark_hash: 'id', purge_after: 'time' },
      { primary: ['mark_hash'], indexes: { replay_marks_purge: ['purge_after'] } },
    ),
  ],
}
