/** RFC 9449 §10 and §5, RFC 8705 §4 and §7.1 – codes and refresh tokens that belong to a key. */
import { type Client, isConfidential } from '../oauth/client_metadata.ts'
import type { Confirmation } from '../oauth/confirmation.ts'
import { invalidGrant } from '../oauth/errors.ts'
import type { Granted } from '../oauth/granted.ts'

/** What the caller proved to hold. */
type Held = { confirmation?: Confirmation | undefined; instanceJkt?: string | undefined }

/** RFC 9449 §10 – the key that the authorization request named. Throws invalid_grant. */
export const requireKeyOfCode = ({ dpopJkt }: Granted, confirmation: Confirmation | undefined): void => {
  if (dpopJkt !== undefined && confirmation?.jkt !== dpopJkt) throw invalidGrant('a code that is bound to another key')
}

/** What is remembered for the refresh token: a public client's is bound to the key of the first request, if it proved one. */
export const boundToKey = (client: Client, granted: Granted, { confirmation, instanceJkt }: Held): Granted => {
  // Attestation-Based Client Authentication §10.3 – to the instance, of which a client has many.
  if (instanceJkt !== undefined) return { ...granted, instanceJkt }
  // RFC 9449 §5 – a confidential client's is bound to the client, which may change its key.
  if (isConfidential(client) || !confirmation) return granted
  const { jkt: dpopJkt, 'x5t#S256': certificateThumbprint } = confirmation
  return {
    ...granted,
    ...(dpopJkt === undefined ? {} : { dpopJkt }),
    ...(certificateThumbprint === undefined ? {} : { certificateThumbprint }),
  }
}

/** Throws invalid_grant. */
export const requireKeyOfRefreshToken = (
  client: Client,
  { dpopJkt, certificateThumbprint, instanceJkt }: Granted,
  { confirmation, ...held }: Held,
): void => {
  // Attestation-Based Client Authentication §10.3 – and also when the client has another method by now.
  if (instanceJkt !== undefined && held.instanceJkt !== instanceJkt)
    throw invalidGrant('a refresh token of another instance of the client')
  if (isConfidential(client)) return
  if (dpopJkt !== undefined && confirmation?.jkt !== dpopJkt)
    throw invalidGrant('a refresh token that is bound to another key')
  // RFC 8705 §7.1
  if (certificateThumbprint !== undefined && confirmation?.['x5t#S256'] !== certificateThumbprint)
    throw invalidGrant('a refresh token that is bound to another certificate')
}
