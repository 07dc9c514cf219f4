/** Attestation-Based Client Authentication §10.8 – who may attest clients: an issuer with keys that were agreed on beforehand. */
import { z } from 'zod'
import { complain, jwks, list, text, webUri } from './member_shapes.ts'

const MAX_ATTESTERS = 10

const clientAttester = z
  .strictObject({ issuer: text(2_048), jwks: jwks.optional(), jwks_uri: webUri().optional() })
  .superRefine((attester, context) => {
    const isOne = (attester.jwks === undefined) !== (attester.jwks_uri === undefined)
    complain(context, ['jwks'], isOne ? undefined : 'or jwks_uri is needed, and not both')
  })

export const clientAttesters = list(clientAttester, MAX_ATTESTERS)
  .min(1, 'must name at least one')
  .refine(
    (attesters) => new Set(attesters.map(({ issuer }) => issuer)).size === attesters.length,
    'must not name an issuer twice',
  )
