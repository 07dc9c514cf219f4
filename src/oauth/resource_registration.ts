/** What the administration API takes of a protected resource. */
import { z } from 'zod'
import { list, text } from './member_shapes.ts'
import { ACCESS_TOKEN_FORMATS } from './resources.ts'
import { isScopeToken } from './scopes.ts'
import { SIGNING_ALGS } from './signing_algs.ts'

/** Revocations are remembered for a day at least: no token outlives what is known of its end. */
const DAY_SECS = 86_400

/** RFC 8707 §2 – an absolute URI, without a fragment. */
const isResourceIdentifier = (uri: string): boolean =>
  /^[A-Za-z][A-Za-z0-9+.-]*:[!-~]+$/.test(uri) && !uri.includes('#') && URL.canParse(uri)

export const resourceSchema = z.strictObject({
  identifier: z
    .string()
    .max(400, 'must have at most 400 characters')
    .refine(isResourceIdentifier, 'must be an absolute URI without a fragment'),
  name: text(128).optional(),
  scopes: list(z.string().refine(isScopeToken, 'must be a scope token of RFC 6749 section 3.3'), 200).optional(),
  access_token_format: z.enum(ACCESS_TOKEN_FORMATS).default('jwt'),
  access_token_ttl_secs: z.int().min(1, 'must be at least 1').max(DAY_SECS, 'must be at most a day').optional(),
  access_token_signed_response_alg: z.enum(SIGNING_ALGS as ['ES256', 'RS256', 'PS256', 'EdDSA']).optional(),
  client_id: text(255).optional(),
})

/** The path says which resource, whatever the body says. */
export const resourceUpdateSchema = resourceSchema.extend({ identifier: z.string().optional() })
