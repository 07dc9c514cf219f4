/** Signing in at an identity provider: who a user is there, and the requests that are under way. */
import { table } from './ddl.ts'
import type { Migration } from './migration.ts'

export const upstream: Migration = {
  id: '0009_upstream',
  statements: (dialect) => [
    ...table(
      dialect,
      'user_identities',
      { realm_id: 'id', identity_hash: 'id', user_id: 'id' },
      {
        primary: ['realm_id', 'identity_hash'],
        belongsTo: { users: { columns: ['realm_id', 'user_id'], key: ['realm_id', 'id'] } },
        indexes: { user_identities_user: ['realm_id', 'user_id'] },
      },
    ),
    ...table(
      dialect,
      'upstream_requests',
      {
        realm_id: 'id',
        state_hash: 'id',
        interaction_id: 'id',
        issuer: 'text',
        created_at: 'time',
        expires_at: 'time',
      },
      {
        primary: ['realm_id', 'state_hash'],
        belongsTo: { interactions: { columns: ['realm_id', 'interaction_id'], key: ['realm_id', 'id'] } },
        indexes: {
          upstream_requests_interaction: ['realm_id', 'interaction_id'],
          upstream_requests_expiry: ['expires_at'],
        },
      },
    ),
  ],
}
