/**
 * Attestation-Based Client Authentication (draft-ietf-oauth-attestation-based-client-auth-11) – an attester that is trusted
 * here vouches for one instance of a client, and the instance proves the key that the attestation names.
 */
import type { Client } from '../oauth/client_metadata.ts'
import { OAuthError } from '../oauth/errors.ts'
import { type Claims, isNumericDate, parseJwt, type UnverifiedJwt } from '../oauth/jwt.ts'
import { allowsAlg, profileOf } from '../oauth/profile.ts'
import { verifySignature } from '../oauth/signing_algs.ts'
import type { Realm } from '../storage/realm_directory.ts'
import { type Clock, toSeconds } from '../system/clock.ts'
import {
  type Attestation,
  datesRefusal,
  instanceThumbprint,
  MAX_AHEAD_SECONDS,
  readAttestation,
} from './client_attestation.ts'
import type { ClientKeys } from './client_keys.ts'
import type { ClientAuthMethod } from './method.ts'

const POP_TYPE = 'oauth-client-attestation-pop+jwt'

/** Attestation-Based Client Authentication §10.7 – the window in which a proof is accepted, and its jti is remembered. */
const MAX_AGE_SECONDS = 300
const MAX_JTI_CHARACTERS = 256

export type AttestJwtClientAuthDeps = { clock: Clock; clientKeys: Pick<ClientKeys, 'ofAttester'> }

/** Attestation-Based Client Authentication §5.1 and §7.2 – all but the signature and the replay. */
const popRefusal = (realm: Realm, claims: Claims, now: number): string | undefined => {
  const { aud, jti, iat, exp } = claims
  // Attestation-Based Client Authentication §7.2 item 7 – for this server alone.
  if (aud !== realm.issuer) return 'a proof for another audience'
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI_CHARACTERS) return 'no usable jti'
  // Attestation-Based Client Authentication §7.2 item 6
  if (!isNumericDate(iat) || iat < now - MAX_AGE_SECONDS) return 'no usable iat, or a proof that is too old'
  const dates = datesRefusal(claims, now)
  if (dates !== undefined) return dates
  return isNumericDate(exp) && exp <= now ? 'the proof has expired' : undefined
}

const isSignedBy = (jwt: UnverifiedJwt, { key, alg }: Attestation['instanceKey']): boolean =>
  (alg ?? jwt.alg) === jwt.alg && verifySignature(jwt.alg, key, jwt.signingInput, jwt.signature)

export const createAttestJwtClientAuth = ({ clock, clientKeys }: AttestJwtClientAuthDeps): ClientAuthMethod => {
  /** Attestation-Based Client Authentication §7.1 item 4 – one that is trusted for this client; it need not say which. */
  const isAttested = async (realm: Realm, client: Client, attestation: Attestation): Promise<boolean> => {
    const { iss } = attestation.claims
    const trusted = client.metadata.client_attesters ?? realm.settings.client_attesters ?? []
    for (const attester of trusted) {
      if (iss !== undefined && iss !== attester.issuer) continue
      const keys = await clientKeys.ofAttester(realm.id, attester, attestation)
      const { alg, signingInput, signature } = attestation
      if (keys.some((key) => verifySignature(alg, key, signingInput, signature))) return true
    }
    return false
  }

  /** Attestation-Based Client Authentication §7 – everything that is written in the two. */
  const contentRefusal = (
    realm: Realm,
    client: Client,
    attestation: Attestation,
    pop: UnverifiedJwt,
    now: number,
  ): string | undefined => {
    const profile = profileOf(realm.settings, client.metadata)
    if (!allowsAlg(profile, attestation.alg) || !allowsAlg(profile, pop.alg)) return 'not an algorithm of the profile'
    if (attestation.claims.exp === undefined) return 'an attestation without exp'
    return datesRefusal(attestation.claims, now) ?? popRefusal(realm, pop.claims, now)
  }

  const refusal = async (
    realm: Realm,
    client: Client | undefined,
    attestation: Attestation,
    pop: UnverifiedJwt,
  ): Promise<string | undefined> => {
    if (!client) return 'an unknown client'
    const now = toSeconds(clock.now())
    const wrong = contentRefusal(realm, client, attestation, pop, now)
    if (wrong !== undefined) return wrong
    // Attestation-Based Client Authentication §7.2 item 4
    if (!isSignedBy(pop, attestation.instanceKey)) return 'a proof that the key of the instance did not make'
    if (!(await isAttested(realm, client, attestation))) return 'no trusted attester made the attestation'
    // Attestation-Based Client Authentication §7.4 – told to the instance alone, which can get another one.
    if ((attestation.claims.exp as number) <= now)
      throw new OAuthError('use_fresh_attestation', 'The client attestation has expired')
    // Attestation-Based Client Authentication §12.1 – once, on every node.
    const { jti, iat } = pop.claims as { jti: string; iat: number }
    const isFirst = await realm.store.replayMarks.remember({
      kind: 'client_attestation_pop',
      owner: instanceThumbprint(attestation.instanceKey),
      value: jti,
      purgeAfter: (iat + MAX_AGE_SECONDS + MAX_AHEAD_SECONDS) * 1000,
    })
    return isFirst ? undefined : 'the proof was used before'
  }

  return {
    name: 'attest_jwt_client_auth',
    matches: ({ attestation, attestationPop }) => attestation !== undefined || attestationPop !== undefined,
    read: (request) => {
      const attestation = readAttestation(request)
      const pop = parseJwt(request.attestationPop ?? '')
      if (!attestation || pop?.typ !== POP_TYPE) return undefined
      // Attestation-Based Client Authentication §7.5 – a client_id beside it is compared where every method's is.
      return {
        clientId: attestation.clientId,
        refusal: (realm, client) => refusal(realm, client, attestation, pop),
      }
    },
  }
}

/** The key of the instance that a client was authenticated by just now; undefined for clients of other methods. */
export const attestedInstance = (
  { metadata }: Client,
  request: Parameters<typeof readAttestation>[0],
): string | undefined => {
  if (metadata.token_endpoint_auth_method !== 'attest_jwt_client_auth') return undefined
  const attestation = readAttestation(request)
  return attestation && instanceThumbprint(attestation.instanceKey)
}
