/** OAuth 2.1 §4.1.1 – from parameters to one authorization request that passed every check. */
import type { AuthorizationRequest, ResponseTarget } from '../oauth/authorization_request.ts'
import { OAuthError } from '../oauth/errors.ts'
import { type Parameters, REPEATABLE, toParameters } from '../oauth/parameters.ts'
import type { Realm } from '../storage/realm_directory.ts'
import { findClient, findRedirectUri } from './client_and_address.ts'
import { KNOWN_PARAMETERS, type KnownParameter, type StepDeps, steps } from './steps.ts'

/** What a client asked for, as it is stored while a person decides. */
export type StoredParameters = Partial<Record<KnownParameter, string>> & Record<string, string>

/** An error that the client may be told, at an address that is known to be its own. */
export class AuthorizationRefused extends Error {
  readonly error: OAuthError
  readonly target: ResponseTarget

  constructor(error: OAuthError, target: ResponseTarget) {
    super(error.message, { cause: error })
    this.name = 'AuthorizationRefused'
    this.error = error
    this.target = target
  }
}

/** Kept beside the parameters; no request can bring it along, because it is not a name that is stored of one. */
const SIGNED = 'is_signed'

export const toStored = (parameters: Parameters, { isSigned } = { isSigned: false }): StoredParameters => ({
  ...Object.fromEntries(
    KNOWN_PARAMETERS.flatMap((name) => {
      const values = parameters.all(name)
      if (values.length === 0) return []
      return [[name, REPEATABLE.has(name) ? JSON.stringify(values) : (values[0] ?? '')]]
    }),
  ),
  ...(isSigned && { [SIGNED]: 'true' }),
})

/** RFC 9101 – whether the client signed what was stored: its object was verified when it came, and is gone. */
export const isStoredSigned = (stored: Record<string, string>): boolean => stored[SIGNED] === 'true'

export const fromStored = (stored: Record<string, string>): Parameters =>
  toParameters(
    Object.entries(stored).flatMap(([name, value]) =>
      (REPEATABLE.has(name) ? (JSON.parse(value) as string[]) : [value]).map((one): [string, string] => [name, one]),
    ),
  )

/**
 * Throws OAuthError while it is not known where an answer may go, and AuthorizationRefused after that.
 * Anything that was stored in between is read through here again, so that what changed since then counts.
 */
export const createReadRequest =
  (deps: StepDeps) =>
  async (
    realm: Realm,
    parameters: Parameters,
    { pushed, isSigned = false }: { pushed: boolean; isSigned?: boolean },
  ): Promise<AuthorizationRequest> => {
    const client = await findClient(realm, parameters)
    const redirectUri = findRedirectUri(client, parameters)
    let request: AuthorizationRequest = {
      client,
      redirectUri,
      redirectUriGiven: parameters.has('redirect_uri'),
      responseMode: 'query',
      state: undefined,
      scopes: [],
      nonce: undefined,
      codeChallenge: undefined,
      prompts: [],
      maxAge: undefined,
      hintedSubject: undefined,
      loginHint: undefined,
    }
    try {
      for (const step of steps) {
        request = { ...request, ...(await step({ realm, client, redirectUri, parameters, pushed, isSigned }, deps)) }
      }
    } catch (error) {
      throw error instanceof OAuthError ? new AuthorizationRefused(error, request) : error
    }
    return Object.freeze(request)
  }
