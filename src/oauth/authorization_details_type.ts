/** RFC 9396 §2 – what a detail of one type may say: realms have types, and clients ask in the terms of them. */

/** `decimal` is a number as text, such as an amount of money; `strings` and `objects` are lists. */
export const DETAIL_KINDS = ['string', 'decimal', 'integer', 'boolean', 'strings', 'object', 'objects'] as const
export type DetailKind = (typeof DETAIL_KINDS)[number]

export type DetailMember = {
  name: string
  /** What the consent page calls it; the name when it is absent. */
  title?: string
  kind: DetailKind
  required: boolean
  /** Of `string` and `strings`: the only texts that are taken, with what the consent page shows in their place. */
  values?: { value: string; title?: string }[]
  /** Of `object` and `objects`. */
  members?: DetailMember[]
}

export type AuthorizationDetailsType = {
  type: string
  /** What the consent page says that the application may do. */
  title: string
  description?: string
  /** Whether the same detail is asked about again, as a payment has to be. */
  consent: 'every_time' | 'remembered'
  members: DetailMember[]
}
