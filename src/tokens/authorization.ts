/** What a grant proved: who may have which token. Every grant yields one, and `issue` turns it into a token response. */
import type { Client } from '../oauth/client_metadata.ts'
import type { Granted } from '../oauth/granted.ts'

export type Authorization = {
  /** Names everything issued from one decision; a fresh id where nothing was decided before. */
  id: string
  client: Client
  /** The user's `sub`, or the client_id where the client acts for itself (RFC 9068 §2.2). */
  subject: string
  scopes: string[]
  /** What the person allowed; undefined where no person is involved. */
  granted: Granted | undefined
  /**
   * Makes the decision durable: consumes the code or rotates the refresh token. Runs after everything was checked and
   * gives the refresh token to hand out, if there is one. Throws invalid_grant for every caller but one.
   */
  commit(): Promise<{ refreshToken: string | undefined }>
}
