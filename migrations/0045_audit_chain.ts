/** The audit as a chain: every event of a realm has a number and says what came before it. Events from before it have neither. */
import { table } from './ddl.ts'
import type { Dialect, Migration } from './migration.ts'

const types = (dialect: Dialect): { time: string; hash: string } => {
  if (dialect === 'sqlite') return { time: 'integer', hash: 'text' }
  return { time: 'bigint', hash: dialect === 'postgresql' ? 'varchar(64) collate "C"' : 'varchar(64)' }
}

export const auditChain: Migration = {
  id: '0045_audit_chain',
  statements: (dialect) => {
    const { time, hash } = types(dialect)
    return [
      `alter table audit_events add column sequence ${time} null`,
      `alter table audit_events add column previous_hash ${hash} null`,
      `alter table audit_events add column hash ${hash} null`,
      `alter table audit_events add column hash_key ${hash} null`,
      'create unique index audit_events_sequence on audit_events (realm_id, sequence)',
      ...table(
        dialect,
        'audit_chains',
        { realm_id: 'id', sequence: 'time', removed_through: 'time', removed_hash: 'id?' },
        { primary: ['realm_id'], belongsTo: { realms: { columns: ['realm_id'], key: ['id'] } } },
      ),
      'insert into audit_chains (realm_id, sequence, removed_through, removed_hash) select id, 0, 0, null from realms where id not in (select realm_id from audit_chains)',
    ]
  },
}
