/** The error responses of OAuth and OpenID Connect: one class, one table from code to HTTP status. */

/** Code, HTTP status when rendered as JSON, and the section that defines the code. */
const definitions = {
  // RFC 6749 §4.1.2.1 and §5.2
  invalid_request: 400,
  invalid_client: 401,
  invalid_grant: 400,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
  invalid_scope: 400,
  access_denied: 403,
  unsupported_response_type: 400,
  server_error: 500,
  temporarily_unavailable: 503,
  // OpenID Connect Core §3.1.2.6
  interaction_required: 400,
  login_required: 400,
  account_selection_required: 400,
  consent_required: 400,
  invalid_request_uri: 400,
  invalid_request_object: 400,
  request_not_supported: 400,
  request_uri_not_supported: 400,
  registration_not_supported: 400,
  // OpenID Connect Core Error Code unmet_authentication_requirements §2
  unmet_authentication_requirements: 400,
  // RFC 6750 §3.1
  invalid_token: 401,
  insufficient_scope: 403,
  // RFC 8707 §2
  invalid_target: 400,
  // RFC 9396 §5
  invalid_authorization_details: 400,
  // RFC 7009 §2.2.1
  unsupported_token_type: 400,
  // RFC 9449 §5 and §8
  invalid_dpop_proof: 400,
  use_dpop_nonce: 400,
  // Attestation-Based Client Authentication §7.4
  use_fresh_attestation: 400,
  // RFC 7591 §3.2.2
  invalid_redirect_uri: 400,
  invalid_client_metadata: 400,
  // The JSON API beside OAuth
  unauthorized: 401,
  forbidden: 403,
  password_expired: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  misdirected_request: 421,
  unprocessable: 422,
  too_many_requests: 429,
} as const

export type ErrorCode = keyof typeof definitions

export type ErrorDetail = {
  /** For the log only: what exactly was wrong. */
  hint?: string
  /** For the log only: the error that led here. */
  cause?: unknown
  /** Becomes the Retry-After header. */
  retryAfterSeconds?: number
  /** Extra response headers, such as WWW-Authenticate or Allow. */
  headers?: Record<string, string>
  /** A status other than the code's own, where a specification asks for it. */
  status?: number
}

/**
 * The only error that a caller is told about. `description` is public, constant English and never made from input
 * (RFC 6749 §5.2 limits its characters); `hint` and `cause` go to the log.
 */
export class OAuthError extends Error {
  readonly code: ErrorCode
  readonly description: string
  readonly status: number
  readonly hint: string | undefined
  readonly retryAfterSeconds: number | undefined
  readonly headers: Record<string, string>

  constructor(code: ErrorCode, description: string, detail: ErrorDetail = {}) {
    super(`${code}: ${description}`, { cause: detail.cause })
    this.name = 'OAuthError'
    this.code = code
    this.description = description
    this.status = detail.status ?? definitions[code]
    this.hint = detail.hint
    this.retryAfterSeconds = detail.retryAfterSeconds
    this.headers = detail.headers ?? {}
  }
}

/** One description for every failed client authentication: no oracle for which part was wrong. */
export const invalidClient = (hint: string, detail: ErrorDetail = {}): OAuthError =>
  new OAuthError('invalid_client', 'Client authentication failed', { ...detail, hint })

/** One description for every refused code or refresh token. */
export const invalidGrant = (hint: string, detail: ErrorDetail = {}): OAuthError =>
  new OAuthError('invalid_grant', 'The grant is invalid, expired, revoked or was issued to another client', {
    ...detail,
    hint,
  })

/** `milliseconds`: until the next attempt is looked at. */
export const tooManyRequests = (description: string, milliseconds: number): OAuthError =>
  new OAuthError('too_many_requests', description, { retryAfterSeconds: Math.max(1, Math.ceil(milliseconds / 1000)) })
