/**
 * RFC 7523 §3 with draft-ietf-oauth-rfc7523bis, OpenID Connect Core §9 – what both kinds of client assertion have in common:
 * everything but whose signature counts.
 */
import type { Client, TokenEndpointAuthMethod } from '../oauth/client_metadata.ts'
import { type Claims, isNumericDate, type UnverifiedJwt } from '../oauth/jwt.ts'
import type { MacAlg } from '../oauth/mac_algs.ts'
import { allowsAlg, profileOf } from '../oauth/profile.ts'
import type { SigningAlg } from '../oauth/signing_algs.ts'
import type { Realm } from '../storage/realm_directory.ts'
import { type Clock, toSeconds } from '../system/clock.ts'
import type { Log } from '../system/log.ts'
import type { ClientAuthMethod } from './method.ts'

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Other kinds of token carry a type of their own, and are refused. rfc7523bis asks for the long one. */
const ASSERTION_TYPES = new Set([undefined, 'jwt', 'client-authentication+jwt'])

/** FAPI 2.0 §5.3.2.1 – a client's clock may be 10 s ahead, and not a minute. */
const MAX_AHEAD_SECONDS = 10
const MAX_LIFETIME_SECONDS = 300
const MAX_JTI_CHARACTERS = 256

export type ClientAssertionDeps = { clock: Clock; log: Pick<Log, 'warn'> }

/** One kind: which algorithms it reads, and whether a client made the signature. */
type Kind<Alg extends SigningAlg | MacAlg> = {
  name: TokenEndpointAuthMethod
  parse(token: string): UnverifiedJwt<Alg> | undefined
  toAlg(name: unknown): Alg | undefined
  isSigned(realm: Realm, client: Client, jwt: UnverifiedJwt<Alg>): Promise<boolean>
}

/** FAPI 2.0 §5.3.2.1 item 13 – a nearby future is the other clock; the far future is a store of assertions. */
const timesRefusal = ({ exp, iat, nbf }: Claims, now: number): string | undefined => {
  if (!isNumericDate(exp)) return 'no usable exp'
  if (exp <= now) return 'the assertion has expired'
  if (exp > now + MAX_LIFETIME_SECONDS + MAX_AHEAD_SECONDS) return 'the assertion lives too long'
  for (const begin of [iat, nbf]) {
    if (begin === undefined) continue
    if (!isNumericDate(begin)) return 'no usable iat or nbf'
    if (begin > now + MAX_AHEAD_SECONDS) return 'the assertion is not valid yet'
  }
  return undefined
}

export const createClientAssertion = <Alg extends SigningAlg | MacAlg>(
  { name, parse, toAlg, isSigned }: Kind<Alg>,
  deps: ClientAssertionDeps,
): ClientAuthMethod => {
  const algRefusal = ({ settings }: Realm, { metadata }: Client, { alg }: UnverifiedJwt<Alg>): string | undefined => {
    // FAPI 2.0 §5.4.1
    if (!allowsAlg(profileOf(settings, metadata), alg)) return 'not an algorithm of the profile'
    const registered = metadata.token_endpoint_auth_signing_alg
    return registered === undefined || toAlg(registered) === alg ? undefined : 'not the registered algorithm'
  }

  /** draft-ietf-oauth-rfc7523bis – the issuer as one string, so that an assertion for us cannot be one for somebody else as well. */
  const audienceRefusal = (realm: Realm, client: Client, aud: unknown, endpoint: string): string | undefined => {
    if (aud === realm.issuer) return undefined
    // Known deviation: RFC 7523 §3 as it once was, for clients that are registered to need it.
    if (!client.metadata.allow_token_endpoint_audience) return 'another audience'
    const accepted = [realm.issuer, `${realm.issuer}/token`]
    if (![aud].flat().some((value) => accepted.includes(value as string))) return 'another audience'
    deps.log.warn(
      { realm: realm.id, client_id: client.clientId, endpoint },
      'client assertion with an audience of the old kind',
    )
    return undefined
  }

  const refusal = async (
    realm: Realm,
    client: Client | undefined,
    jwt: UnverifiedJwt<Alg>,
    endpoint: string,
  ): Promise<string | undefined> => {
    if (!client) return 'an unknown client'
    const { claims } = jwt
    const now = toSeconds(deps.clock.now())
    const wrong =
      algRefusal(realm, client, jwt) ??
      audienceRefusal(realm, client, claims.aud, endpoint) ??
      timesRefusal(claims, now)
    if (wrong !== undefined) return wrong
    const { jti, exp } = claims
    if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI_CHARACTERS) return 'no usable jti'
    if (!(await isSigned(realm, client, jwt))) return 'neither a key nor the secret of the client made the signature'
    // RFC 7523 §3 item 7 – once, for as long as it would be accepted. Only a right signature may use a jti up.
    const purgeAfter = ((exp as number) + MAX_AHEAD_SECONDS) * 1000
    const mark = { kind: 'client_assertion', owner: client.clientId, value: jti, purgeAfter } as const
    return (await realm.store.replayMarks.remember(mark)) ? undefined : 'the assertion was used before'
  }

  return {
    name,
    sharesRequest: true,
    matches: ({ parameters }) => parameters.has('client_assertion') || parameters.has('client_assertion_type'),
    read: ({ parameters, endpoint }) => {
      if (parameters.get('client_assertion_type') !== ASSERTION_TYPE) return undefined
      const jwt = parse(parameters.get('client_assertion') ?? '')
      if (!jwt || !ASSERTION_TYPES.has(jwt.typ)) return undefined
      const { iss, sub } = jwt.claims
      // RFC 7523 §3 items 1 and 2 – both name the client.
      if (typeof sub !== 'string' || iss !== sub) return undefined
      return { clientId: sub, refusal: (realm, client) => refusal(realm, client, jwt, endpoint) }
    },
  }
}
