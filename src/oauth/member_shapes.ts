/** The shapes that members of many API objects have: plain text, web addresses, lists without repetition. */
import { z } from 'zod'
import type { PublicJwk } from './client_metadata.ts'
import { jwksProblems } from './public_jwk.ts'

/** Controls and what reorders or hides its neighbours: nobody could trust what they read (T-CS-10). */
const MISLEADING = /[\p{Cc}\p{Cs}\p{Bidi_Control}\u2028\u2029]/u

const MAX_URI_CHARACTERS = 2_048

const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Whether what is shown of a text is what it is. */
export const isReadable = (value: string): boolean => value.isWellFormed() && !MISLEADING.test(value)

/** One line of text that shows what it is. */
export const text = (maxCharacters: number) =>
  z
    .string()
    .min(1, 'must not be empty')
    .max(maxCharacters, `must have at most ${maxCharacters} characters`)
    .refine(isReadable, 'contains characters that cannot be seen')

const isWebUri = (value: string): boolean => {
  if (!/^[\x21-\x7e]+$/.test(value) || !URL.canParse(value)) return false
  const url = new URL(value)
  if (url.username !== '' || url.password !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK_HOSTS.has(url.hostname))
}

/** https, or http to this same machine while developing. */
export const webUri = () =>
  z
    .string()
    .max(MAX_URI_CHARACTERS, 'must have at most 2048 characters')
    .refine(isWebUri, 'must be an absolute https URI without user name or password')

export const list = <T extends z.ZodType>(item: T, maxItems: number) =>
  z
    .array(item)
    .max(maxItems, `must have at most ${maxItems} items`)
    .refine(
      (items) => new Set(items.map((value) => JSON.stringify(value))).size === items.length,
      'must not name anything twice',
    )

/** Adds what is wrong with a member, when anything is. */
export const complain = (context: z.RefinementCtx, path: (string | number)[], problem: string | undefined): void => {
  if (problem !== undefined) context.addIssue({ code: 'custom', path, message: problem })
}

/** RFC 7517 §4 – members that we do not know are allowed in a key, and kept. */
const jwk = z.looseObject({
  kty: z.string(),
  kid: text(256).optional(),
  alg: text(64).optional(),
  use: text(64).optional(),
})

/** RFC 7517 §5 – public keys of ours alone. */
export const jwks = z.strictObject({ keys: z.array(jwk) }).superRefine((set, context) => {
  for (const { index, problem } of jwksProblems(set.keys as PublicJwk[]))
    complain(context, index === undefined ? ['keys'] : ['keys', index], problem)
})
