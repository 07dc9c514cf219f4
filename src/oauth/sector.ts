/** OpenID Connect Core §8.1 – the sector of a client: clients of one sector know a person by the same subject, others by another. */
import type { ClientMetadata } from './client_metadata.ts'
import { isHttpsRedirectUri } from './redirect_uri.ts'

/** An address that any application can claim says nothing about whose the client is. */
const hostOf = (redirectUri: string): string | undefined =>
  isHttpsRedirectUri(redirectUri) ? new URL(redirectUri).hostname : undefined

/** A host; undefined where there is no single one. */
export const sectorOf = ({ sector_identifier_uri: uri, redirect_uris }: ClientMetadata): string | undefined => {
  if (uri !== undefined) return new URL(uri).hostname
  const hosts = new Set(redirect_uris.map(hostOf))
  return hosts.size === 1 ? [...hosts][0] : undefined
}

/** The member that is wrong, and what it must be. */
export const sectorProblem = (metadata: ClientMetadata): [keyof ClientMetadata, string] | undefined =>
  metadata.subject_type === 'pairwise' && sectorOf(metadata) === undefined
    ? ['sector_identifier_uri', 'is needed for pairwise subjects, unless all redirect_uris are https and of one host']
    : undefined

/** OpenID Connect Dynamic Client Registration §5 – whether the document at the URI names every redirect URI. */
export const isOfSector = (document: unknown, { redirect_uris }: ClientMetadata): boolean =>
  Array.isArray(document) && redirect_uris.every((uri) => document.includes(uri))
