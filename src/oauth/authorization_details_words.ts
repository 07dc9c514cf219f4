/** RFC 9396 §1 – a detail as the person reads it who decides about it: everything that it says, and nothing else. */
import type { AuthorizationDetail } from './authorization_details.ts'
import type { AuthorizationDetailsType, DetailMember } from './authorization_details_type.ts'

/** Several values under one label are a list: joined, one of them could look like two. */
export type DetailLine = { label: string; values: string[] }
export type DetailWords = { title: string; description: string | undefined; lines: DetailLine[] }

type Members = Record<string, unknown>

const textOf = (value: unknown, { values }: DetailMember): string => {
  if (typeof value === 'boolean') return value ? 'Yes' : 'No'
  return values?.find((known) => known.value === value)?.title ?? String(value)
}

const linesOf = (given: Members, members: readonly DetailMember[], prefix = ''): DetailLine[] =>
  members.flatMap((member) => {
    const value = given[member.name]
    if (value === undefined) return []
    const label = `${prefix}${member.title ?? member.name}`
    const inner = member.members ?? []
    if (member.kind === 'object') return linesOf(value as Members, inner, `${label} – `)
    if (member.kind === 'objects')
      return (value as Members[]).flatMap((one, index) => linesOf(one, inner, `${label} ${index + 1} – `))
    return [{ label, values: [value].flat().map((one) => textOf(one, member)) }]
  })

/** `types`: those of the realm, by which the detail was checked. */
export const detailWords = (detail: AuthorizationDetail, types: readonly AuthorizationDetailsType[]): DetailWords => {
  const type = types.find((known) => known.type === detail.type)
  return {
    title: type?.title ?? detail.type,
    description: type?.description,
    lines: linesOf(detail, type?.members ?? []),
  }
}
