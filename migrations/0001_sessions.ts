/**
 * Sessions. They may live in another database than realms and users, so no foreign key holds them. A session's idle time
 * never lies past its absolute one, so one index finds all that are over.
 */
import { table } from './ddl.ts'
import type { Migration } from './migration.ts'

export const sessions: Migration = {
  id: '0001_sessions',
  statements: (dialect) =>
    table(
      dialect,
      'sessions',
      {
        session_id: 'id',
        secret_hash: 'id',
        realm_id: 'id',
        kind: 'word',
        user_id: 'id',
        username: 'name',
        auth_scheme: 'word',
        amr: 'text',
        auth_time: 'time',
        restricted: 'flag',
        max_age_seconds: 'time',
        max_stale_age_seconds: 'time',
        ip: 'text?',
        user_agent: 'text?',
        created_at: 'time',
        last_seen_at: 'time',
        idle_expires_at: 'time',
        expires_at: 'time',
      },
      {
        primary: ['session_id'],
        unique: { sessions_secret: ['secret_hash'] },
        indexes: {
          sessions_realm: ['realm_id', 'session_id'],
          sessions_user: ['realm_id', 'user_id'],
          sessions_username: ['realm_id', 'username'],
          sessions_idle_expiry: ['idle_expires_at'],
        },
      },
    ),
}
