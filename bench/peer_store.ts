/** A store for the peer on one SQLite file, as durable as this server's: WAL with synchronous=FULL, every statement prepared once. */
import Sqlite from 'better-sqlite3'
import type { Payload } from 'oidc-provider'

type Row = { payload: string; consumed_at: number | null }

export const createPeerStore = (path: string) => {
  const db = new Sqlite(path)
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.exec(`CREATE TABLE IF NOT EXISTS models (
    model TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL, grant_id TEXT, uid TEXT, consumed_at INTEGER, expires_at INTEGER,
    PRIMARY KEY (model, id)) WITHOUT ROWID`)
  db.exec('CREATE INDEX IF NOT EXISTS models_by_grant ON models (grant_id)')
  db.exec('CREATE INDEX IF NOT EXISTS models_by_uid ON models (uid)')

  const select = db.prepare<[string, string], Row>('SELECT payload, consumed_at FROM models WHERE model = ? AND id = ?')
  const selectByUid = db.prepare<[string, string], Row>(
    'SELECT payload, consumed_at FROM models WHERE model = ? AND uid = ?',
  )
  const replace = db.prepare(
    'INSERT OR REPLACE INTO models (model, id, payload, grant_id, uid, consumed_at, expires_at) VALUES (?, ?, ?, ?, ?, NULL, ?)',
  )
  const markConsumed = db.prepare('UPDATE models SET consumed_at = ? WHERE model = ? AND id = ?')
  const remove = db.prepare('DELETE FROM models WHERE model = ? AND id = ?')
  const removeByGrant = db.prepare('DELETE FROM models WHERE grant_id = ?')

  const seconds = (): number => Math.floor(Date.now() / 1000)
  const read = (row: Row | undefined): Payload | undefined =>
    row && { ...(JSON.parse(row.payload) as Payload), ...(row.consumed_at ? { consumed: row.consumed_at } : {}) }

  return (model: string) => ({
    find: async (id: string) => read(select.get(model, id)),
    findByUid: async (uid: string) => read(selectByUid.get(model, uid)),
    findByUserCode: async () => undefined,
    async upsert(id: string, payload: Payload, expiresIn: number) {
      const expiresAt = expiresIn ? seconds() + expiresIn : null
      replace.run(model, id, JSON.stringify(payload), payload.grantId ?? null, payload.uid ?? null, expiresAt)
    },
    consume: async (id: string) => void markConsumed.run(seconds(), model, id),
    destroy: async (id: string) => void remove.run(model, id),
    revokeByGrantId: async (grantId: string) => void removeByGrant.run(grantId),
  })
}
