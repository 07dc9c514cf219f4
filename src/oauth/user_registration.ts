/** What the administration API takes of a user: every member checked, none ignored. */
import { z } from 'zod'
import { isSaneCost, parseArgon2Phc } from './argon2_phc.ts'
import { complain, list, text, webUri } from './member_shapes.ts'
import { standardClaimsSchema } from './standard_claims.ts'
import { usernameProblem } from './username.ts'

const MAX_ROLES = 100

const username = z.string().superRefine((value, context) => complain(context, [], usernameProblem(value)))

const passwordHash = z.string().superRefine((value, context) => {
  const cost = parseArgon2Phc(value)
  if (!cost) complain(context, [], 'must be an Argon2id hash as a PHC string of version 19')
  else if (!isSaneCost(cost)) complain(context, [], 'has a cost that is too low or too high')
})

/** Exactly one way in which a certificate names the user. */
const certificate = z.union(
  [
    z.strictObject({ subject_dn: text(1_024) }),
    z.strictObject({ san_dns: text(253).regex(/^[A-Za-z0-9.-]+$/, 'must be a DNS name') }),
    z.strictObject({ san_email: text(254) }),
    z.strictObject({ x5t_s256: z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be a SHA-256 thumbprint, base64url') }),
  ],
  { error: 'must have exactly one of subject_dn, san_dns, san_email and x5t_s256' },
)

const profile = {
  /** Absent in an update: as it was. */
  enabled: z.boolean().optional(),
  change_password: z.boolean().optional(),
  roles: list(text(128), MAX_ROLES).default([]),
  groups: list(text(128), MAX_ROLES).default([]),
  claims: standardClaimsSchema.default({}),
  identities: list(z.strictObject({ issuer: webUri(), subject: text(255) }), 20).default([]),
  certificate: certificate.optional(),
}

/** The whole user but the password, which has an address of its own. */
export const userUpdateSchema = z.strictObject({ username: z.string().optional(), ...profile })

export const userCreationSchema = z
  .strictObject({
    ...profile,
    username,
    password: z.string().optional(),
    password_hash: passwordHash.optional(),
  })
  .superRefine((user, context) => {
    if (user.password !== undefined && user.password_hash !== undefined)
      complain(context, ['password_hash'], 'must not be given together with password')
  })

/** `change_password`: whether the user has to replace it at the next login. */
export const passwordSettingSchema = z.strictObject({
  password: z.string(),
  change_password: z.boolean().default(true),
})

export type UserCreation = z.output<typeof userCreationSchema>
export type UserUpdate = z.output<typeof userUpdateSchema>
