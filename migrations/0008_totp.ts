/** One-time codes: the sealed secret of a user, the recovery codes beside it, and a login that waits for a code. */
import { table } from './ddl.ts'
import type { Migration } from './migration.ts'

const user = { columns: ['realm_id', 'user_id'], key: ['realm_id', 'id'] }
const credential = { columns: ['realm_id', 'user_id'], key: ['realm_id', 'user_id'] }

export const totp: Migration = {
  id: '0008_totp',
  statements: (dialect) => [
    ...table(
      dialect,
      'totp_credentials',
      {
        realm_id: 'id',
        user_id: 'id',
        sealed_secret: 'text',
        algorithm: 'word',
        step: 'count',
        last_step: 'count?',
        created_at: 'time',
      },
      { primary: ['realm_id', 'user_id'], belongsTo: { users: user } },
    ),
    ...table(
      dialect,
      'recovery_codes',
      { realm_id: 'id', user_id: 'id', code_hash: 'id', created_at: 'time', used_at: 'time?' },
      { primary: ['realm_id', 'user_id', 'code_hash'], belongsTo: { totp_credentials: credential } },
    ),
    'alter table interactions add column first_factor text null',
  ],
}
