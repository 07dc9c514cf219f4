/** RFC 9101 §5.2 and OpenID Connect Core §6.2 – request objects that wait at an address which the client registered. */
import type { Client, ClientMetadata } from '../oauth/client_metadata.ts'
import { OAuthError } from '../oauth/errors.ts'
import { allowsRequestUris, profileOf } from '../oauth/profile.ts'
import { isContentHash } from '../oauth/request_uris.ts'
import type { Realm } from '../storage/realm_directory.ts'
import { sha256 } from '../system/hashing.ts'
import { type Outbound, OutboundError } from '../system/outbound.ts'

/** No request object is longer, and a person is waiting. */
const LIMITS = { maxBytes: 16_384, timeoutMs: 3_000 }

/** RFC 9101 §9.4.1, and what it was before that. */
const MEDIA_TYPES = ['application/oauth-authz-req+jwt', 'application/jwt']

export type RequestReferenceDeps = { outbound: Pick<Outbound, 'getText'> }

/** One description for all that is wrong: whoever asks learns nothing of what this server can reach. */
const invalidRequestUri = (hint: string): OAuthError =>
  new OAuthError('invalid_request_uri', 'The request_uri is not registered for this client, or has nothing of use', {
    hint,
  })

/** Octet by octet. A client that registered the address without a hash may name any content of it by a hash. */
const isRegistered = ({ request_uris: registered = [] }: ClientMetadata, requestUri: string): boolean =>
  registered.includes(requestUri) || registered.includes(requestUri.split('#', 1)[0] ?? '')

/** FAPI 2.0 §5.3.2.2 – who has to push a request does not lead this server to one. */
export const takesReferences = ({ settings }: Realm, { metadata }: Client): boolean =>
  allowsRequestUris(profileOf(settings, metadata)) && !metadata.require_pushed_authorization_requests

/** Fetched anew for each request: what was kept could be what the client has replaced. Throws invalid_request_uri. */
export const createFetchRequestObject =
  ({ outbound }: RequestReferenceDeps) =>
  async ({ metadata }: Client, requestUri: string): Promise<string> => {
    // RFC 9101 §10.4.1 – registered before: nobody can have this server ask an address of their choice.
    if (!isRegistered(metadata, requestUri)) throw invalidRequestUri('not registered')
    const hash = requestUri.includes('#') ? requestUri.slice(requestUri.indexOf('#') + 1) : undefined
    if (hash !== undefined && !isContentHash(hash)) throw invalidRequestUri('a fragment that is no hash')
    try {
      const content = await outbound.getText(requestUri, MEDIA_TYPES, LIMITS)
      // OpenID Connect Core §6.2 – the fragment is the hash of the content.
      if (hash !== undefined && sha256(content) !== hash) throw invalidRequestUri('another content than the hash names')
      return content.trim()
    } catch (error) {
      throw error instanceof OutboundError ? invalidRequestUri(`not to be had: ${error.cause}`) : error
    }
  }
