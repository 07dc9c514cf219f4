/** OpenID Connect Back-Channel Logout 1.0 §2.2 and Front-Channel Logout 1.0 §2 – which clients are told that a session is over, and where. */
import type { ClientMetadata } from './client_metadata.ts'
import { checkRegisteredRedirectUri } from './redirect_uri.ts'

const LOGOUT_MEMBERS = ['backchannel_logout_uri', 'frontchannel_logout_uri'] as const

type LogoutMember = (typeof LOGOUT_MEMBERS)[number]

/**
 * Whether a client is told the name of the session, as `sid` of its ID tokens: a claim that nobody asked for is left out, so
 * only those that take part in logout are.
 */
export const knowsSessions = (metadata: ClientMetadata): boolean =>
  metadata.backchannel_logout_uri !== undefined ||
  metadata.frontchannel_logout_uri !== undefined ||
  metadata.post_logout_redirect_uris.length > 0

const originOf = (uri: string): string => new URL(uri).origin

const problemOfFrame = (metadata: ClientMetadata, uri: string): string | undefined => {
  // Front-Channel Logout §2 – scheme, host and port of a registered redirect URI.
  const isAtClient = metadata.redirect_uris.some((known) => URL.canParse(known) && originOf(known) === originOf(uri))
  if (!isAtClient) return 'must have the scheme, host and port of a redirect URI'
  if (new URL(uri).searchParams.has('sid')) return 'carries a parameter that is added to it'
  return undefined
}

/** What is wrong with the members of a client, as words that follow their name. */
export const logoutUriProblems = (metadata: ClientMetadata): { member: LogoutMember; problem: string }[] =>
  LOGOUT_MEMBERS.flatMap((member) => {
    const uri = metadata[member]
    if (uri === undefined) return []
    const problem =
      checkRegisteredRedirectUri(uri, 'web') ??
      (member === 'frontchannel_logout_uri' ? problemOfFrame(metadata, uri) : undefined)
    return problem === undefined ? [] : [{ member, problem }]
  })
