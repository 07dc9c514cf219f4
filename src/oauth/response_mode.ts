/** OAuth 2.0 Multiple Response Types §2, Form Post Response Mode and JARM §2.3 – how the answer travels back to the client. */

/** OAuth 2.1 §4.1.1 – the code flow is the only one left. */
export const RESPONSE_TYPES = ['code'] as const

export type Delivery = 'query' | 'fragment' | 'form_post'

/** With `.jwt` the answer is one JWT, signed by this server. */
export type ResponseMode = Delivery | `${Delivery}.jwt`

/** JARM §2.3.4 – `jwt` is the signed form of what the response type has without a response_mode. */
const MODES = new Map<string, ResponseMode>([
  ['query', 'query'],
  ['fragment', 'fragment'],
  ['form_post', 'form_post'],
  ['query.jwt', 'query.jwt'],
  ['fragment.jwt', 'fragment.jwt'],
  ['form_post.jwt', 'form_post.jwt'],
  ['jwt', 'query.jwt'],
])

export const RESPONSE_MODES: readonly string[] = [...MODES.keys()]

export const toResponseMode = (text: string): ResponseMode | undefined => MODES.get(text)

export const isSignedMode = (mode: ResponseMode): boolean => mode.endsWith('.jwt')

export const deliveryOf = (mode: ResponseMode): Delivery => mode.replace('.jwt', '') as Delivery
