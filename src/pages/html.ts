/** Composing HTML so that text can never become markup: whatever is interpolated is escaped unless it is Html itself. */
import { htmlEscape } from 'escape-goat'

// A symbol as the key: no text, and nothing that was parsed from JSON, can pass for Html.
const markup = Symbol('markup')

export type Html = { readonly [markup]: string }

type Interpolated = string | number | Html | readonly Html[] | undefined

const isHtml = (value: unknown): value is Html => typeof value === 'object' && value !== null && markup in value

const toMarkup = (value: Interpolated): string => {
  if (value === undefined) return ''
  if (Array.isArray(value)) return value.map((part: Interpolated) => toMarkup(part)).join('')
  return isHtml(value) ? value[markup] : htmlEscape(String(value))
}

/** Attributes must be written with double quotes: that is what the escaping is made for. */
export const html = (strings: TemplateStringsArray, ...values: Interpolated[]): Html => ({
  [markup]: strings.reduce((text, string, index) => text + toMarkup(values[index - 1]) + string),
})

/** For constants of this server only: style and script texts, which have no escapes. */
export const trusted = (text: string): Html => ({ [markup]: text })

export const render = (fragment: Html): string => fragment[markup]

/**
 * What a form may be sent to and a link may lead to: a path of this server, an http(s) URL or an application's own scheme
 * (RFC 8252 §7.1: it has a dot), never `javascript:` or `data:` (T-XS-02).
 */
export const checkedUrl = (url: string): string => {
  const isPath = /^\/(?![/\\])/.test(url)
  const isUrl = /^(?:https?:\/\/|[a-z][a-z0-9+-]*\.[a-z0-9+.-]*:)/i.test(url)
  if (!isPath && !isUrl) throw new Error('a page refers to paths, http(s) URLs and applications only')
  return url
}
