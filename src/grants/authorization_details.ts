/** RFC 9396 §6 – the details of one access token: what the person allowed, or less when the client asks for less. */
import {
  type AuthorizationDetail,
  detailsTypesOf,
  invalidDetails,
  parseAuthorizationDetails,
} from '../oauth/authorization_details.ts'
import { areWithin } from '../oauth/authorization_details_comparison.ts'
import type { Client } from '../oauth/client_metadata.ts'
import type { Granted } from '../oauth/granted.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { GrantRequest } from './grant.ts'

/** Less is for this access token only: the grant keeps it all. Throws invalid_authorization_details. */
export const narrowedDetails = (
  { settings }: Realm,
  { metadata }: Client,
  { authorizationDetails = [] }: Granted,
  { parameters }: Pick<GrantRequest, 'parameters'>,
): AuthorizationDetail[] => {
  const types = detailsTypesOf(settings, metadata)
  // A type that was taken from the client or the realm since then is not given any more.
  const granted = authorizationDetails.filter((detail) => types.some(({ type }) => type === detail.type))
  const requested = parameters.get('authorization_details')
  if (requested === undefined) return granted
  const details = parseAuthorizationDetails(requested, types)
  if (!areWithin(details, granted)) throw invalidDetails('more than was granted')
  return details
}
