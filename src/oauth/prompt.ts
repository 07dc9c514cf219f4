/** OpenID Connect Core §3.1.2.1 – what the client wants the person to be asked. */
import { OAuthError } from './errors.ts'

/** `create` of OpenID Connect Prompt Create is not among them: people do not register themselves here. */
export const PROMPTS = ['none', 'login', 'consent', 'select_account'] as const
export type Prompt = (typeof PROMPTS)[number]

const isPrompt = (text: string): text is Prompt => PROMPTS.some((prompt) => prompt === text)

/** Throws invalid_request. */
export const parsePrompt = (text: string | undefined): Prompt[] => {
  const words = [...new Set((text ?? '').split(' ').filter((word) => word !== ''))]
  const prompts = words.filter(isPrompt)
  // OpenID Connect Prompt Create §4.1 – a value that is not in prompt_values_supported is invalid_request.
  if (prompts.length < words.length) throw new OAuthError('invalid_request', 'The prompt is not supported')
  if (prompts.includes('none') && prompts.length > 1) {
    throw new OAuthError('invalid_request', 'The prompt none cannot be combined with another one')
  }
  return prompts
}
