/** RFC 9396 §2 and §5 – what a client asks for in detail, held against the types that the realm has and the client may use. */
import type { AuthorizationDetailsType, DetailKind, DetailMember } from './authorization_details_type.ts'
import type { ClientMetadata } from './client_metadata.ts'
import { OAuthError } from './errors.ts'
import { parseStrictArray } from './json.ts'
import { isReadable } from './member_shapes.ts'
import type { RealmSettings } from './realm_settings.ts'

/** One element of the parameter, as the client wrote it. */
export type AuthorizationDetail = { type: string } & Record<string, unknown>

/** UTF-8: an access token carries it, and a header has to carry the token. */
const MAX_BYTES = 4_096
const MAX_DETAILS = 20
const MAX_ITEMS = 50
const MAX_TEXT_CHARACTERS = 512

const DECIMAL = /^-?[0-9]{1,18}(?:\.[0-9]{1,9})?$/

/** RFC 9396 §5 – one description for all that is wrong; the log has the rest. */
export const invalidDetails = (hint: string): OAuthError =>
  new OAuthError('invalid_authorization_details', 'The authorization_details are malformed, unknown or not allowed', {
    hint,
  })

type Members = Record<string, unknown>

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What a page leaves out of a text: two that look the same would be two payees. */
const INVISIBLE = /[\p{Cf}\p{Co}\p{Default_Ignorable_Code_Point}]/u

/** Readable: a person decides by what is shown of it. */
const isText = (value: unknown, { values }: DetailMember): boolean =>
  typeof value === 'string' &&
  value.length > 0 &&
  value.length <= MAX_TEXT_CHARACTERS &&
  isReadable(value) &&
  !INVISIBLE.test(value) &&
  (values === undefined || values.some((allowed) => allowed.value === value))

const isList = (value: unknown): value is unknown[] =>
  Array.isArray(value) && value.length > 0 && value.length <= MAX_ITEMS

const isOfKind: Record<DetailKind, (value: unknown, member: DetailMember) => boolean> = {
  string: isText,
  decimal: (value) => typeof value === 'string' && DECIMAL.test(value),
  integer: Number.isSafeInteger,
  boolean: (value) => typeof value === 'boolean',
  strings: (value, member) =>
    isList(value) && new Set(value).size === value.length && value.every((one) => isText(one, member)),
  object: (value, { members = [] }) => isObject(value) && fits(value, members),
  objects: (value, { members = [] }) => isList(value) && value.every((one) => isObject(one) && fits(one, members)),
}

/** RFC 9396 §5 – every member known, everything required there, every value one of its kind. */
const fits = (given: Members, members: readonly DetailMember[]): boolean =>
  Object.keys(given).every((name) => members.some((member) => member.name === name)) &&
  members.every((member) =>
    Object.hasOwn(given, member.name) ? isOfKind[member.kind](given[member.name], member) : !member.required,
  )

const toDetail = (given: unknown, types: readonly AuthorizationDetailsType[]): AuthorizationDetail => {
  if (!isObject(given)) throw invalidDetails('an element that is no object')
  const { type: name, ...members } = given
  const type = types.find((known) => known.type === name)
  if (!type) throw invalidDetails('a type that the realm does not have or the client may not use')
  if (!fits(members, type.members)) throw invalidDetails('a member that the type does not have, lacks or has otherwise')
  return given as AuthorizationDetail
}

/** RFC 9396 §10 – a client asks for details of the types that it is registered for, as it does for scopes, and for no other. */
export const detailsTypesOf = (settings: RealmSettings, client: ClientMetadata): AuthorizationDetailsType[] =>
  (settings.authorization_details_types ?? []).filter(({ type }) => client.authorization_details_types?.includes(type))

/** Of the details those whose types need no new consent every time. */
export const rememberedDetails = (
  { authorization_details_types: types = [] }: RealmSettings,
  details: readonly AuthorizationDetail[],
): AuthorizationDetail[] =>
  details.filter((detail) => types.some(({ type, consent }) => type === detail.type && consent === 'remembered'))

/** `types`: those that the client may use. Throws invalid_authorization_details. */
export const parseAuthorizationDetails = (
  text: string,
  types: readonly AuthorizationDetailsType[],
): AuthorizationDetail[] => {
  if (Buffer.byteLength(text) > MAX_BYTES) throw invalidDetails('too long')
  const elements = parseStrictArray(text)
  if (!elements) throw invalidDetails('no JSON array')
  if (elements.length === 0 || elements.length > MAX_DETAILS) throw invalidDetails('none, or too many')
  return elements.map((element) => toDetail(element, types))
}
