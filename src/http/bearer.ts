/** RFC 6750 §2.1 – the access token of an Authorization header. */

/** The scheme in any case (RFC 9110 §11.1). */
const BEARER = /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i

/** Undefined without a header, for another scheme, and for anything malformed. */
export const bearerToken = (authorization: string | undefined): string | undefined =>
  authorization === undefined ? undefined : BEARER.exec(authorization)?.[1]
