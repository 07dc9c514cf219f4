/** Signing in with a client certificate: whose certificate it is. */
import { table } from './ddl.ts'
import type { Migration } from './migration.ts'

export const certificates: Migration = {
  id: '0010_certificates',
  statements: (dialect) =>
    table(
      dialect,
      'user_certificates',
      { realm_id: 'id', certificate_key: 'id', user_id: 'id' },
      {
        primary: ['realm_id', 'certificate_key'],
        unique: { user_certificates_user: ['realm_id', 'user_id'] },
        belongsTo: { users: { columns: ['realm_id', 'user_id'], key: ['realm_id', 'id'] } },
      },
    ),
}
