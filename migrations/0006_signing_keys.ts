/** Signing keys: at most one active key of an algorithm in a realm, because NULL is unequal to NULL in a unique index. */
import { table } from './ddl.ts'
import type { Migration } from './migration.ts'

export const signingKeys: Migration = {
  id: '0006_signing_keys',
  statements: (dialect) =>
    table(
      dialect,
      'signing_keys',
      {
        kid: 'id',
        realm_id: 'id',
        alg: 'word',
        state: 'word',
        active_slot: 'word?',
        public_jwk: 'text',
        private_jwk: 'text',
        created_at: 'time',
        updated_at: 'time',
      },
      {
        primary: ['realm_id', 'kid'],
        unique: { signing_keys_active: ['realm_id', 'alg', 'active_slot'] },
        belongsTo: { realms: { columns: ['realm_id'], key: ['id'] } },
      },
    ),
}
