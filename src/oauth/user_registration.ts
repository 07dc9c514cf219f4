/** What the administration API takes of a user: every member checked, none ignored. */
import { z } from 'zod'
import { parseDistinguishedName } from './distinguished_name.ts'
import { complain, list, text, webUri } from './member_shapes.ts'
import { standardClaimsSchema } from './standard_claims.ts'
import { usernameProblem } from './username.ts'

const MAX_ROLES = 100

const username = z.string().superRefine((value, context) => complain(context, [], usernameProblem(value)))

/** Exactly one way in which a certificate names the user. */
const certificateNameSchema = z.union(
  [
    z.strictObject({
      subject_dn: text(1_024).refine(
        (name) => parseDistinguishedName(name) !== undefined,
        'must be a distinguished name as in RFC 4514, of text values',
      ),
    }),
    z.strictObject({ san_dns: text(253).regex(/^[A-Za-z0-9.-]+$/, 'must be a DNS name') }),
    z.strictObject({ san_email: text(254).regex(/^[^@\s]+@[^@\s]+$/, 'must be an e-mail address') }),
    z.strictObject({ x5t_s256: z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be a SHA-256 thumbprint, base64url') }),
  ],
  { error: 'must have exactly one of subject_dn, san_dns, san_email and x5t_s256' },
)

const MAX_PEM = 16_384

/** The name that counts, or a certificate to read it from. */
export const certificateSettingSchema = z.union(
  [
    z.strictObject({ certificate_pem: z.string().max(MAX_PEM, `must have at most ${MAX_PEM} characters`) }),
    ...certificateNameSchema.options,
  ],
  { error: 'must have exactly one of certificate_pem, subject_dn, san_dns, san_email and x5t_s256, in its right form' },
)

const profile = {
  /** Absent in an update: as it was. */
  enabled: z.boolean().optional(),
  change_password: z.boolean().optional(),
  roles: list(text(128), MAX_ROLES).default([]),
  groups: list(text(128), MAX_ROLES).default([]),
  claims: standardClaimsSchema.default({}),
  identities: list(z.strictObject({ issuer: webUri(), subject: text(255) }), 20).default([]),
  certificate: certificateNameSchema.optional(),
}

/** The whole user but the password, which has an address of its own. */
export const userUpdateSchema = z.strictObject({ username: z.string().optional(), ...profile })

/** One or the other. Of which schemes a hash may be is known to those who verify it. */
const secret = { password: z.string().optional(), password_hash: z.string().optional() }

const refuseBoth = (
  { password, password_hash }: { password?: string | undefined; password_hash?: string | undefined },
  context: z.RefinementCtx,
): void => {
  if (password !== undefined && password_hash !== undefined)
    complain(context, ['password_hash'], 'must not be given together with password')
}

export const userCreationSchema = z.strictObject({ ...profile, username, ...secret }).superRefine(refuseBoth)

/** `change_password`: whether the user has to replace it at the next login; absent, it follows from who knows the password. */
export const passwordSettingSchema = z
  .strictObject({ ...secret, change_password: z.boolean().optional() })
  .superRefine(refuseBoth)

export type PasswordSetting = z.output<typeof passwordSettingSchema>
