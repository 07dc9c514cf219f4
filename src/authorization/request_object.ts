/**
 * RFC 9101 – authorization requests that the client signed; OpenID Connect Core §6. What an object says replaces everything
 * beside it.
 *
 * A `jti` is not remembered, and an object counts until it expires: no specification of ours asks for more. A reload and a
 * push whose answer was lost bring the same object again, and it gives nothing by itself: a person answers each request, at
 * an address that the client registered, and the code needs the verifier behind the challenge that was signed.
 */
import type { ClientKeys } from '../client_auth/client_keys.ts'
import type { Client } from '../oauth/client_metadata.ts'
import { OAuthError } from '../oauth/errors.ts'
import { type Claims, isNumericDate, parseJwt, type UnverifiedJwt } from '../oauth/jwt.ts'
import { type Parameters, REPEATABLE, toParameters } from '../oauth/parameters.ts'
import { allowsAlg, profileOf } from '../oauth/profile.ts'
import { toSigningAlg, verifySignature } from '../oauth/signing_algs.ts'
import type { Realm } from '../storage/realm_directory.ts'
import { type Clock, toSeconds } from '../system/clock.ts'
import { findClient } from './client_and_address.ts'
import { createFetchRequestObject, type RequestReferenceDeps, takesReferences } from './request_reference.ts'
import { KNOWN_PARAMETERS } from './steps.ts'

/** RFC 9101 §10.8 – another type of token is no request object; absent is the older way. */
const TYPES = new Set([undefined, 'oauth-authz-req+jwt'])

/** FAPI 2.0 Security Profile §5.3.2.1 item 13 – a client's clock may be 10 s ahead. */
const MAX_AHEAD_SECONDS = 10

/** FAPI 2.0 Message Signing §5.3.1 – neither older nor valid for longer than 60 minutes. */
const MAX_AGE_SECONDS = 3_600

/** OpenID Connect Core §6.1 – members of an object that are JSON themselves; as parameters they are its text. */
const JSON_PARAMETERS: ReadonlySet<string> = new Set(['authorization_details', 'claims', 'registration'])

export type RequestObjectDeps = RequestReferenceDeps & { clock: Clock; clientKeys: Pick<ClientKeys, 'candidates'> }

/** What is asked, wherever it stood. */
export type Unpacked = { parameters: Parameters; isSigned: boolean }

/** One description for all that is wrong with an object: the log has the rest. */
const invalidObject = (hint: string): OAuthError =>
  new OAuthError('invalid_request_object', 'The request object is invalid, expired or signed by another key', { hint })

/** FAPI 2.0 Message Signing §5.3.1 – a client that has to sign says how long the signature counts; who need not, may. */
const timesRefusal = ({ exp, nbf, iat }: Claims, now: number, isBounded: boolean): string | undefined => {
  if (exp !== undefined && !isNumericDate(exp)) return 'no usable exp'
  if (nbf !== undefined && !isNumericDate(nbf)) return 'no usable nbf'
  if (iat !== undefined && !isNumericDate(iat)) return 'no usable iat'
  // RFC 7519 §4.1.4 and §4.1.5
  if (exp !== undefined && exp <= now) return 'expired'
  if ([nbf, iat].some((begin) => begin !== undefined && begin > now + MAX_AHEAD_SECONDS)) return 'not valid yet'
  if (!isBounded) return undefined
  if (exp === undefined || nbf === undefined) return 'no exp or no nbf'
  if (exp > now + MAX_AGE_SECONDS) return 'valid for too long'
  return nbf < now - MAX_AGE_SECONDS ? 'too old' : undefined
}

/** RFC 9101 §4 and §5 – made by this client, for this server, and a request. */
const claimsRefusal = (realm: Realm, { clientId }: Client, claims: Claims): string | undefined => {
  if (claims.iss !== clientId) return 'another iss'
  if (![claims.aud].flat().includes(realm.issuer)) return 'another audience'
  // RFC 9101 §5 – the same client inside and outside.
  if (claims.client_id !== clientId) return 'another client_id'
  // RFC 9101 §10.8 – with the client as its subject it would be a client assertion as well.
  if (claims.sub === clientId) return 'the client as subject'
  // RFC 9101 §4 – an object does not lead to another one.
  if ('request' in claims || 'request_uri' in claims) return 'a request inside the request'
  return undefined
}

const algRefusal = ({ settings }: Realm, { metadata }: Client, { alg, typ }: UnverifiedJwt): string | undefined => {
  if (!TYPES.has(typ)) return 'another type of token'
  // FAPI 2.0 §5.4.1
  if (!allowsAlg(profileOf(settings, metadata), alg)) return 'not an algorithm of the profile'
  const registered = metadata.request_object_signing_alg
  return registered === undefined || toSigningAlg(registered) === alg ? undefined : 'not the registered algorithm'
}

/** The values of one member as parameters have them; undefined for a value that no parameter can have. */
const textsOf = (name: string, value: unknown): string[] | undefined => {
  if (typeof value === 'string') return [value]
  if (name === 'max_age' && Number.isSafeInteger(value)) return [String(value)]
  if (JSON_PARAMETERS.has(name) && typeof value === 'object' && value !== null) return [JSON.stringify(value)]
  const isList = REPEATABLE.has(name) && Array.isArray(value) && value.every((one) => typeof one === 'string')
  return isList ? value : undefined
}

/** RFC 9101 §6.3 – the parameters of the object, and no other. */
const toRequestParameters = (claims: Claims): Parameters =>
  toParameters(
    KNOWN_PARAMETERS.flatMap((name) => {
      if (claims[name] === undefined) return []
      const texts = textsOf(name, claims[name])
      if (!texts) throw invalidObject('a member of another type than its parameter')
      return texts.map((text): [string, string] => [name, text])
    }),
  )

/**
 * Verified once, where it arrives: what is stored while a person decides are the parameters of the object.
 * Throws invalid_request_object, invalid_request_uri, and invalid_request where the request is there in two ways.
 */
export const createUnpackRequest = ({ clock, clientKeys, outbound }: RequestObjectDeps) => {
  const fetchRequestObject = createFetchRequestObject({ outbound })

  const isSignedBy = async (client: Client, jwt: UnverifiedJwt): Promise<boolean> => {
    const keys = await clientKeys.candidates(client, jwt)
    return keys.some((key) => verifySignature(jwt.alg, key, jwt.signingInput, jwt.signature))
  }

  /** Undefined where there is none, and where it would not be taken: the steps refuse that, to the client. */
  const findObject = async (realm: Realm, client: Client, parameters: Parameters): Promise<string | undefined> => {
    const reference = parameters.get('request_uri')
    if (reference === undefined || !takesReferences(realm, client)) return parameters.get('request')
    return await fetchRequestObject(client, reference)
  }

  return async (realm: Realm, parameters: Parameters): Promise<Unpacked> => {
    const isGiven = parameters.has('request')
    const isReferredTo = parameters.has('request_uri')
    if (!isGiven && !isReferredTo) return { parameters, isSigned: false }
    // T-PA-03 RFC 9101 §5 – one or the other.
    if (isGiven && isReferredTo) throw new OAuthError('invalid_request', 'Both request and request_uri are present')
    // RFC 9101 §5 – the client_id beside the object says whose keys.
    const client = await findClient(realm, parameters)
    const object = await findObject(realm, client, parameters)
    if (object === undefined) return { parameters, isSigned: false }
    const jwt = parseJwt(object)
    // RFC 9101 §10.1 – alg none, a symmetric one and an encrypted object (T-JW-09) end here.
    if (!jwt) throw invalidObject('no JWS with an algorithm of ours')
    const { claims } = jwt
    const isBounded = client.metadata.require_signed_request_object === true
    const refusal =
      algRefusal(realm, client, jwt) ??
      claimsRefusal(realm, client, claims) ??
      timesRefusal(claims, toSeconds(clock.now()), isBounded)
    if (refusal !== undefined) throw invalidObject(refusal)
    if (!(await isSignedBy(client, jwt))) throw invalidObject('no key of the client made the signature')
    return { parameters: toRequestParameters(claims), isSigned: true }
  }
}
