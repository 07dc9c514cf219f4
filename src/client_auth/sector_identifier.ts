/** OpenID Connect Dynamic Client Registration §5 – a sector takes a client in by naming its redirect URIs, at an address of its own. */
import type { ClientMetadata } from '../oauth/client_metadata.ts'
import { OAuthError } from '../oauth/errors.ts'
import { isOfSector } from '../oauth/sector.ts'
import type { Outbound } from '../system/outbound.ts'

export type SectorIdentifierDeps = { outbound: Pick<Outbound, 'getJson'> }

/** Nothing new is said about the sector: a client can be changed while its document is not to be had. */
const isConfirmed = (before: ClientMetadata | undefined, now: ClientMetadata): boolean =>
  before?.sector_identifier_uri === now.sector_identifier_uri &&
  now.redirect_uris.every((uri) => before?.redirect_uris.includes(uri))

/** `before`: as it is registered, undefined for a new one. Throws invalid_client_metadata. Not in a transaction: it fetches. */
export const createCheckSector =
  ({ outbound }: SectorIdentifierDeps) =>
  async (metadata: ClientMetadata, before?: ClientMetadata): Promise<void> => {
    const uri = metadata.sector_identifier_uri
    if (uri === undefined || isConfirmed(before, metadata)) return
    let document: unknown
    try {
      document = await outbound.getJson(uri)
    } catch (cause) {
      throw new OAuthError('invalid_client_metadata', 'sector_identifier_uri: nothing could be fetched', { cause })
    }
    if (!isOfSector(document, metadata))
      throw new OAuthError(
        'invalid_client_metadata',
        'sector_identifier_uri: must lead to an array of all redirect_uris',
      )
  }
