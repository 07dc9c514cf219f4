/** RFC 9396 §2 – what the administration API takes of a type of authorization details. */
import { z } from 'zod'
import { DETAIL_KINDS, type DetailKind } from './authorization_details_type.ts'
import { complain, list, text } from './member_shapes.ts'

const MAX_TYPES = 50
const MAX_MEMBERS = 30
const MAX_VALUES = 100

/** RFC 9396 §2.2 – members that mean the same in every type. */
const COMMON_KINDS: Readonly<Record<string, DetailKind>> = {
  locations: 'strings',
  actions: 'strings',
  datatypes: 'strings',
  privileges: 'strings',
  identifier: 'string',
}

/** RFC 9396 §2 – unique in this server; often a URI. */
export const detailsTypeName = () => text(128).regex(/^[!-~]+$/, 'must consist of visible ASCII characters')

const value = z.strictObject({ value: text(256), title: text(128).optional() })

type Given = { name: string; kind: DetailKind; values?: unknown; members?: unknown }

const memberProblem = ({ kind, values, members }: Given): [string, string] | undefined => {
  const isText = kind === 'string' || kind === 'strings'
  const isObject = kind === 'object' || kind === 'objects'
  if (values !== undefined && !isText) return ['values', 'are for the kinds string and strings only']
  if (isObject && members === undefined) return ['members', 'are needed for the kinds object and objects']
  if (members !== undefined && !isObject) return ['members', 'are for the kinds object and objects only']
  return undefined
}

const checkMembers = (members: readonly Given[], context: z.RefinementCtx): void => {
  for (const [index, member] of members.entries()) {
    const isRepeated = members.findIndex(({ name }) => name === member.name) !== index
    complain(context, [index, 'name'], isRepeated ? 'must not name a member twice' : undefined)
    const [part, problem] = memberProblem(member) ?? []
    if (part !== undefined) complain(context, [index, part], problem)
  }
}

const membersOf = <T extends z.ZodType>(inner: T) =>
  z
    .array(
      z.strictObject({
        name: z
          .string()
          .regex(/^[A-Za-z][A-Za-z0-9_.:-]{0,63}$/, 'must be a letter and at most 63 letters, digits, _ . : -'),
        title: text(64).optional(),
        kind: z.enum(DETAIL_KINDS),
        required: z.boolean().default(false),
        values: list(value, MAX_VALUES).min(1, 'must not be empty').optional(),
        members: inner,
      }),
    )
    .min(1, 'must not be empty')
    .max(MAX_MEMBERS, `must have at most ${MAX_MEMBERS} items`)
    .superRefine(checkMembers)

/** Objects in objects, and nothing deeper: what nobody can read, nobody can allow. */
const members = membersOf(membersOf(membersOf(z.undefined().optional()).optional()).optional())

const commonProblem = ({ name, kind }: Given): string | undefined => {
  if (name === 'type') return 'is there in every type'
  const common = Object.hasOwn(COMMON_KINDS, name) ? COMMON_KINDS[name] : kind
  return kind === common ? undefined : `must be of the kind ${common}`
}

const detailsType = z
  .strictObject({
    type: detailsTypeName(),
    title: text(128),
    description: text(400).optional(),
    consent: z.enum(['every_time', 'remembered']).default('every_time'),
    members: members.default([]),
  })
  .superRefine(({ members: ofType }, context) => {
    for (const [index, member] of ofType.entries()) complain(context, ['members', index], commonProblem(member))
  })

export const detailsTypes = z
  .array(detailsType)
  .max(MAX_TYPES, `must have at most ${MAX_TYPES} items`)
  .superRefine((types, context) => {
    for (const [index, { type }] of types.entries()) {
      const isRepeated = types.findIndex((other) => other.type === type) !== index
      complain(context, [index, 'type'], isRepeated ? 'must not name a type twice' : undefined)
    }
  })
