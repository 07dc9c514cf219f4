/**
 * OWASP ASVS 13.3.1 – the secret that this server has at an identity provider: sealed where it is kept, and bound to the
 * client and the token endpoint it was given for, so that nobody can have it sent somewhere else.
 */
import type { Sealing } from '../keys/sealing.ts'
import { OAuthError } from '../oauth/errors.ts'
import type { SealSecret } from '../oauth/realm_registration.ts'
import type { JwtIdentityProvider, RealmSettings } from '../oauth/realm_settings.ts'

/** What the secret was given for. */
type Purpose = {
  jwt_issuer_uri: string
  token_endpoint?: string | undefined
  client_id?: string | undefined
}

const placeOf = (realmId: string, idp: Purpose): readonly string[] => [
  'upstream_client_secret',
  realmId,
  idp.jwt_issuer_uri,
  idp.token_endpoint ?? '',
  idp.client_id ?? '',
]

const isForSame = (one: Purpose, other: Purpose): boolean =>
  one.jwt_issuer_uri === other.jwt_issuer_uri &&
  one.token_endpoint === other.token_endpoint &&
  one.client_id === other.client_id

/** `before`: the settings that the new ones replace. Throws unprocessable where nothing can be sealed. */
export const createSealSecret =
  (sealing: Pick<Sealing, 'canSeal' | 'seal'>, realmId: string, before: RealmSettings | undefined): SealSecret =>
  (idp) => {
    if (idp.token_endpoint_auth_method === 'none') return undefined
    if (idp.client_secret === undefined) {
      const known = before?.auth_params.jwt_params?.idp_params ?? []
      return known.find((candidate) => isForSame(candidate, idp))?.sealed_client_secret
    }
    if (!sealing.canSeal) {
      throw new OAuthError(
        'unprocessable',
        'auth_params: a client_secret can be kept only when secrets_params.encryption_key is configured',
      )
    }
    return sealing.seal(idp.client_secret, placeOf(realmId, idp))
  }

/** Undefined when there is none. Throws temporarily_unavailable when it cannot be opened any more. */
export const openSecret = (
  sealing: Pick<Sealing, 'open'>,
  realmId: string,
  idp: JwtIdentityProvider,
): string | undefined => {
  if (idp.sealed_client_secret === undefined) return undefined
  const opened = sealing.open(idp.sealed_client_secret, placeOf(realmId, idp))
  if (opened) return opened.text
  throw new OAuthError('temporarily_unavailable', 'The identity provider cannot be used at the moment', {
    hint: `the client_secret for ${idp.jwt_issuer_uri} was sealed under another key or for another place`,
  })
}
