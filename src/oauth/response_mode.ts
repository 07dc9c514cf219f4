/** OAuth 2.0 Multiple Response Types §2 and Form Post Response Mode – how the answer travels back to the client. */

/** OAuth 2.1 §4.1.1 – the code flow is the only one left. */
export const RESPONSE_TYPES = ['code'] as const

export const RESPONSE_MODES = ['query', 'form_post'] as const
export type ResponseMode = (typeof RESPONSE_MODES)[number]

export const isResponseMode = (text: string): text is ResponseMode => RESPONSE_MODES.some((mode) => mode === text)
