/** RFC 6749 §2.3 – one way for a client to prove itself: the contract of every token_endpoint_auth_method. */
import type { Client, TokenEndpointAuthMethod } from '../oauth/client_metadata.ts'
import type { Parameters } from '../oauth/parameters.ts'
import type { ShownProof } from '../proofs/sender_constraint.ts'
import type { RequestFacts } from '../storage/audit_events.ts'
import type { Realm } from '../storage/realm_directory.ts'

/** What a client authentication may look at. */
export type ClientAuthRequest = ShownProof &
  RequestFacts & {
    parameters: Parameters
    /** The Authorization header as it came. */
    authorization: string | undefined
    /** Attestation-Based Client Authentication §4 and §5.1 – both headers as they came; two of one name with a comma between. */
    attestation?: string | undefined
    attestationPop?: string | undefined
    /** Absolute URL of the endpoint called. */
    endpoint: string
  }

export type ClientCredentials = {
  /** Who the request says it comes from. */
  clientId: string
  /**
   * Why the credentials are not the client's, for the log; undefined when they are. `client` is undefined when there is no
   * such client, or none that may use this method: the work is the same, and so is the answer.
   */
  refusal(realm: Realm, client: Client | undefined): string | undefined | Promise<string | undefined>
}

export type ClientAuthMethod = {
  name: TokenEndpointAuthMethod
  /** The request itself does not tell this method from others that say so: the client's registration does. */
  sharesRequest?: true
  /** True when the request carries credentials of this method, right or wrong. */
  matches(request: ClientAuthRequest): boolean
  /** Undefined when they cannot be read. */
  read(request: ClientAuthRequest): ClientCredentials | undefined
}

/** A client_id and no credentials in the request: those of the connection, if any. */
export const isBare = ({ authorization, attestation, attestationPop, parameters }: ClientAuthRequest): boolean =>
  authorization === undefined &&
  attestation === undefined &&
  attestationPop === undefined &&
  parameters.has('client_id') &&
  !parameters.has('client_secret') &&
  !parameters.has('client_assertion') &&
  !parameters.has('client_assertion_type')
