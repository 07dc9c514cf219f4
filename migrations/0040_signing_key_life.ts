/** Signing keys that are published before they sign, and stay published until their last token is over. */
import type { Dialect, Migration } from './migration.ts'

const time = (dialect: Dialect): string => (dialect === 'sqlite' ? 'integer' : 'bigint')

export const signingKeyLife: Migration = {
  id: '0040_signing_key_life',
  statements: (dialect) => [
    `alter table signing_keys add column activated_at ${time(dialect)} null`,
    `alter table signing_keys add column due_at ${time(dialect)} null`,
    "update signing_keys set activated_at = created_at, due_at = created_at where state = 'active' and due_at is null",
    'create index signing_keys_due on signing_keys (due_at)',
  ],
}
