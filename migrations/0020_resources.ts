/** RFC 8707 – access tokens that are opaque to the resource they are for. */
import { table } from './ddl.ts'
import type { Migration } from './migration.ts'

export const resources: Migration = {
  id: '0020_resources',
  statements: (dialect) =>
    table(
      dialect,
      'opaque_tokens',
      { token_hash: 'id', realm_id: 'id', claims: 'text', created_at: 'time', expires_at: 'time' },
      {
        primary: ['token_hash'],
        belongsTo: { realms: { columns: ['realm_id'], key: ['id'] } },
        indexes: { opaque_tokens_end: ['expires_at'] },
      },
    ),
}
