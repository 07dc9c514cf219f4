/** What a grant proved: who may have which token. Every grant yields one, and `issue` turns it into a token response. */
import type { AuthorizationDetail } from '../oauth/authorization_details.ts'
import type { Client } from '../oauth/client_metadata.ts'
import type { Confirmation } from '../oauth/confirmation.ts'
import type { Granted } from '../oauth/granted.ts'
import type { User } from '../storage/users.ts'

export type Authorization = {
  /** Names everything issued from one decision; a fresh id where nothing was decided before. */
  id: string
  client: Client
  scopes: readonly string[]
  /** RFC 9396 §6 – of this access token; none when it is absent or empty. */
  authorizationDetails?: readonly AuthorizationDetail[]
  /** RFC 8707 – what this access token is for; absent: for this server itself. */
  resources?: readonly string[] | undefined
  /** The person, and what that person allowed; undefined where the client acts for itself (RFC 9068 §2.2). */
  person: { user: User; granted: Granted } | undefined
  /** The key that the access token is bound to; undefined for whoever bears it. */
  confirmation?: Confirmation | undefined
  /**
   * Makes the decision durable: consumes the code or rotates the refresh token. Runs after everything was checked and
   * gives the refresh token to hand out, if there is one. Throws invalid_grant for every caller but one.
   */
  commit(): Promise<{ refreshToken: string | undefined }>
}
