/**
 * OAuth 2.1 §4.1.1 – the checks of an authorization request in their order, the same for /authorize and /par.
 * The first that fails is the one that is reported: to the redirect URI, which client_and_address.ts has found by then.
 */
import { detailsTypesOf, parseAuthorizationDetails } from '../oauth/authorization_details.ts'
import type { AuthorizationRequest } from '../oauth/authorization_request.ts'
import { parseClaims } from '../oauth/claims_request.ts'
import { type Client, isConfidential } from '../oauth/client_metadata.ts'
import { OAuthError } from '../oauth/errors.ts'
import type { Parameters } from '../oauth/parameters.ts'
import { isCodeChallenge } from '../oauth/pkce.ts'
import { profileOf, profileProblem } from '../oauth/profile.ts'
import { parsePrompt } from '../oauth/prompt.ts'
import { isHttpsRedirectUri, isLoopbackRedirectUri } from '../oauth/redirect_uri.ts'
import { askedResources } from '../oauth/resources.ts'
import { deliveryOf, toResponseMode } from '../oauth/response_mode.ts'
import { isSubset, parseScope, STANDARD_SCOPES } from '../oauth/scopes.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { ReadIdTokenHint } from './id_token_hint.ts'

/** What fits into the query of a GET; a form must not carry more, because all of it is stored while a person decides. */
const MAX_REQUEST_CHARACTERS = 16_384
const MAX_STATE_CHARACTERS = 2_048
const MAX_NONCE_CHARACTERS = 1_024
const MAX_LOGIN_HINT_CHARACTERS = 256
const MAX_MAX_AGE_SECONDS = 2 ** 31

/** Every parameter that a check below reads; the rest is ignored (OAuth 2.1 §3.1) and not stored. */
export const KNOWN_PARAMETERS = [
  'acr_values',
  'authorization_details',
  'claims',
  'client_id',
  'code_challenge',
  'code_challenge_method',
  'dpop_jkt',
  'id_token_hint',
  'login_hint',
  'max_age',
  'nonce',
  'prompt',
  'redirect_uri',
  'registration',
  'request_uri',
  'resource',
  'response_mode',
  'response_type',
  'scope',
  'state',
] as const

export type KnownParameter = (typeof KNOWN_PARAMETERS)[number]

/** What is asked, by a client and for an address that are known to belong together. */
export type Asked = {
  realm: Realm
  client: Client
  redirectUri: string
  parameters: Parameters
  /** RFC 9126 – whether the client pushed the request. */
  pushed: boolean
  /** RFC 9101 – whether the client signed it. */
  isSigned: boolean
}

export type StepDeps = { readIdTokenHint: ReadIdTokenHint }

export type Step = (
  asked: Asked,
  deps: StepDeps,
) => Partial<AuthorizationRequest> | Promise<Partial<AuthorizationRequest>>

const invalidRequest = (description: string): OAuthError => new OAuthError('invalid_request', description)

/** Visible ASCII and space: what RFC 6749 Appendix A allows in state, and what travels unharmed. */
const isPrintable = (text: string): boolean => /^[\x20-\x7e]+$/.test(text)

/** RFC 6749 §4.1.1 – state, first of all: an error carries it too. */
const state: Step = ({ parameters }) => {
  const value = parameters.get('state')
  if (value === undefined) return {}
  if (value.length > MAX_STATE_CHARACTERS || !isPrintable(value))
    throw invalidRequest('The state is malformed or too long')
  return { state: value }
}

/** T-PA-07 – anybody can begin a request, so what one can make us keep is bounded. */
const size: Step = ({ parameters }) => {
  const characters = KNOWN_PARAMETERS.reduce((sum, name) => sum + parameters.all(name).join(' ').length, 0)
  if (characters > MAX_REQUEST_CHARACTERS) throw invalidRequest('The authorization request is too long')
  return {}
}

/** OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode §2 and JARM §2.3. */
const responseMode: Step = ({ parameters, redirectUri }) => {
  const text = parameters.get('response_mode')
  if (text === undefined) return {}
  const mode = toResponseMode(text)
  if (mode === undefined) throw invalidRequest('The response_mode is not supported')
  // A form has no way into an application behind a private-use scheme, and must not cross a network in the clear.
  if (deliveryOf(mode) === 'form_post' && !isHttpsRedirectUri(redirectUri) && !isLoopbackRedirectUri(redirectUri)) {
    throw invalidRequest('The response_mode form_post needs an https redirect_uri')
  }
  return { responseMode: mode }
}

/** OpenID Connect Core §6 and §7.2.1 – ways of asking that this server does not take, and says so. */
const supportedForm: Step = ({ parameters }) => {
  if (parameters.has('request_uri')) {
    throw new OAuthError(
      'request_uri_not_supported',
      'Only a request_uri of a pushed authorization request is supported for this client',
    )
  }
  if (parameters.has('registration')) {
    throw new OAuthError('registration_not_supported', 'The registration parameter is not supported')
  }
  return {}
}

/** FAPI 2.0 §5.3.2.2 – the realm may ask for more than it did when the client was registered. */
const profile: Step = ({ realm, client: { metadata }, parameters }) => {
  const wanted = profileOf(realm.settings, metadata)
  if (profileProblem(wanted, metadata) !== undefined) {
    throw new OAuthError('unauthorized_client', 'This client is not registered as this server asks it to be')
  }
  // FAPI 2.0 §5.3.2.2 – never left out, even where only one is registered.
  if (wanted !== 'oauth2_1' && !parameters.has('redirect_uri')) throw invalidRequest('The redirect_uri is missing')
  return {}
}

/** RFC 9126 §6 – a client that said it pushes its requests must do so. */
const pushedWhereRequired: Step = ({ client, pushed }) => {
  if (client.metadata.require_pushed_authorization_requests && !pushed) {
    throw invalidRequest('This client must use pushed authorization requests')
  }
  return {}
}

/** RFC 9101 §10.5 – a client that said it signs its requests must do so. */
const signedWhereRequired: Step = ({ client, isSigned }) => {
  if (client.metadata.require_signed_request_object && !isSigned) {
    throw invalidRequest('This client must sign its authorization requests')
  }
  return {}
}

/** OAuth 2.1 §4.1.1 – response_type, and a client that may use it. */
const responseType: Step = ({ parameters, client }) => {
  const type = parameters.get('response_type')
  if (type === undefined) throw invalidRequest('The response_type is missing')
  if (type !== 'code') throw new OAuthError('unsupported_response_type', 'Only the response_type code is supported')
  const { response_types, grant_types } = client.metadata
  if (!response_types.includes('code') || !grant_types.includes('authorization_code')) {
    throw new OAuthError('unauthorized_client', 'This client may not use the authorization code grant')
  }
  return {}
}

/** RFC 7636 §4.3 and OAuth 2.1 §4.1.1 – code_challenge, by S256 alone; every public client has one (§7.5.1). */
const pkce: Step = ({ parameters, client }) => {
  const challenge = parameters.get('code_challenge')
  const method = parameters.get('code_challenge_method')
  if (challenge === undefined) {
    if (method !== undefined || client.metadata.require_pkce || !isConfidential(client)) {
      throw invalidRequest('The code_challenge is missing')
    }
    return {}
  }
  // RFC 7636 §4.3 – a missing method means plain, which is refused as well.
  if (method !== 'S256') throw invalidRequest('The code_challenge_method must be S256')
  if (!isCodeChallenge(challenge)) throw invalidRequest('The code_challenge is malformed')
  return { codeChallenge: challenge }
}

/** RFC 9449 §10 – dpop_jkt, the thumbprint of the key that the code shall belong to. */
const dpopJkt: Step = ({ parameters }) => {
  const value = parameters.get('dpop_jkt')
  if (value === undefined) return {}
  if (!/^[A-Za-z0-9_-]{43}$/.test(value)) throw invalidRequest('The dpop_jkt is malformed')
  return { dpopJkt: value }
}

/**
 * RFC 6749 §3.3 – scope: of those the client is registered for, and all of them when it names none. RFC 9396 §3.1 – who asks
 * for details instead asks for nothing but these.
 */
const scope: Step = ({ parameters, client, realm }) => {
  const registered = parseScope(client.metadata.scope)
  const known = [...STANDARD_SCOPES, ...realm.settings.scopes.map(({ name }) => name)]
  if (!parameters.has('scope'))
    return { scopes: parameters.has('authorization_details') ? [] : registered.filter((name) => known.includes(name)) }
  const requested = parseScope(parameters.get('scope'))
  if (requested.length === 0) throw new OAuthError('invalid_scope', 'The scope parameter names no scope')
  if (!isSubset(requested, registered) || !isSubset(requested, known)) {
    throw new OAuthError('invalid_scope', 'The client is not registered for a requested scope')
  }
  return { scopes: requested }
}

/** RFC 9396 §5 – authorization_details, each as its type has it. */
const authorizationDetails: Step = ({ parameters, client, realm }) => {
  const text = parameters.get('authorization_details')
  if (text === undefined) return {}
  return { authorizationDetails: parseAuthorizationDetails(text, detailsTypesOf(realm.settings, client.metadata)) }
}

/** RFC 8707 §2 – resource, each of them registered. */
const resource: Step = ({ parameters, realm }) => {
  const resources = askedResources(realm, parameters)
  return resources === undefined ? {} : { resources }
}

/** OpenID Connect Core §3.1.2.1 – nonce, copied into the ID token as it is. */
const nonce: Step = ({ parameters }) => {
  const value = parameters.get('nonce')
  if (value === undefined) return {}
  if (value.length > MAX_NONCE_CHARACTERS || !isPrintable(value))
    throw invalidRequest('The nonce is malformed or too long')
  return { nonce: value }
}

/** OpenID Connect Core §3.1.2.1 */
const prompt: Step = ({ parameters }) => ({ prompts: parsePrompt(parameters.get('prompt')) })

/** OpenID Connect Core §3.1.2.1, and default_max_age of Dynamic Client Registration §2. */
const maxAge: Step = ({ parameters, client }) => {
  const text = parameters.get('max_age')
  if (text === undefined) return { maxAge: client.metadata.default_max_age }
  if (!/^[0-9]{1,10}$/.test(text) || Number(text) > MAX_MAX_AGE_SECONDS)
    throw invalidRequest('The max_age is not valid')
  return { maxAge: Number(text) }
}

/** OpenID Connect Core §5.5 – claims one by one, and §3.1.2.1 – acr_values: the same as a voluntary acr claim (§5.5.1.1). */
const claims: Step = ({ parameters, client }) => {
  const acrValues = parameters.get('acr_values')?.split(' ').filter(Boolean)
  const preferred = acrValues && { isEssential: false, values: acrValues }
  const text = parameters.get('claims')
  const parsed = text === undefined ? undefined : parseClaims(text, parseScope(client.metadata.scope))
  const acr = parsed?.acr ?? preferred
  return {
    ...(parsed && { claims: parsed.claims }),
    ...(parsed?.subject !== undefined && { claimedSubject: parsed.subject }),
    ...(acr && { acr }),
  }
}

/** OpenID Connect Core §3.1.2.1 – who the client expects; only a token of this client's says so. */
const idTokenHint: Step = async ({ parameters, realm, client }, deps) => {
  const token = parameters.get('id_token_hint')
  if (token === undefined) return {}
  const hint = await deps.readIdTokenHint(realm, token)
  if (hint.clientId !== client.clientId) throw invalidRequest('The id_token_hint was issued to another client')
  return { hintedSubject: hint.subject }
}

/** OpenID Connect Core §3.1.2.1 – a help for filling the form in; one that helps nobody is no error. */
const loginHint: Step = ({ parameters }) => {
  const hint = parameters.get('login_hint')
  const usable = hint !== undefined && hint.length <= MAX_LOGIN_HINT_CHARACTERS && !/\p{Cc}/u.test(hint)
  return usable ? { loginHint: hint } : {}
}

export const steps: readonly Step[] = [
  state,
  size,
  responseMode,
  supportedForm,
  profile,
  pushedWhereRequired,
  signedWhereRequired,
  responseType,
  pkce,
  dpopJkt,
  scope,
  authorizationDetails,
  resource,
  nonce,
  prompt,
  maxAge,
  claims,
  idTokenHint,
  loginHint,
]
