/** The contract of a grant type (RFC 6749 §1.3): it fills one hole of the pipeline in exchange.ts, and knows no HTTP. */
import type { Client } from '../oauth/client_metadata.ts'
import type { Confirmation } from '../oauth/confirmation.ts'
import type { Parameters } from '../oauth/parameters.ts'
import type { RequestFacts } from '../storage/audit_events.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { Authorization } from '../tokens/authorization.ts'

export type GrantRequest = RequestFacts & {
  parameters: Parameters
  /** The key that the caller proved to hold; undefined for none. */
  confirmation?: Confirmation | undefined
  /** Thumbprint of the key of the client instance that was attested; undefined for clients of other methods. */
  instanceJkt?: string | undefined
}

export type Grant = {
  /**
   * Makes every check for a client that is authenticated and registered for the grant, and changes nothing: what is single
   * use is consumed by the Authorization's `commit`. Throws OAuthError.
   */
  authorize(realm: Realm, client: Client, request: GrantRequest): Promise<Authorization>
}
