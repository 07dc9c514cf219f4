/** Users, and the one-time links that make the first of them. */
import { table } from './ddl.ts'
import type { Migration } from './migration.ts'

export const users: Migration = {
  id: '0002_users',
  statements: (dialect) => [
    ...table(
      dialect,
      'users',
      {
        realm_id: 'id',
        id: 'id',
        username: 'text',
        canonical_username: 'name',
        password_hash: 'text?',
        password_changed_at: 'time?',
        change_password: 'flag',
        enabled: 'flag',
        roles: 'text',
        groups: 'text',
        claims: 'text',
        identities: 'text',
        certificate: 'text?',
        created_at: 'time',
        updated_at: 'time',
      },
      {
        primary: ['realm_id', 'id'],
        unique: { users_canonical_username: ['realm_id', 'canonical_username'] },
        belongsTo: { realms: { columns: ['realm_id'], key: ['id'] } },
      },
    ),
    ...table(
      dialect,
      'setup_tokens',
      { token_hash: 'id', created_at: 'time', expires_at: 'time', used_at: 'time?' },
      { primary: ['token_hash'] },
    ),
  ],
}
