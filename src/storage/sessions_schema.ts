/** The table of the session store, as Kysely sees it; the store may live in another database than the rest. See schema.ts. */

type Flag = 0 | 1
type Json = string

export type SessionsTable = {
  session_id: string
  secret_hash: string
  realm_id: string
  /** `api` (POST /login) or `sso` (the pages): never accepted for one another. */
  kind: string
  user_id: string
  username: string
  auth_scheme: string
  amr: Json
  auth_time: number
  restricted: Flag
  max_age_seconds: number
  max_stale_age_seconds: number
  ip: string | null
  user_agent: string | null
  created_at: number
  last_seen_at: number
  idle_expires_at: number
  expires_at: number
}

export type SessionsSchema = {
  sessions: SessionsTable
}
