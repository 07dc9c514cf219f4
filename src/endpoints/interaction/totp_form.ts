/** RFC 6238 – the page that asks for a one-time code after the right password. */
import type { FastifyReply } from 'fastify'
import { csrfToken } from '../../authorization/csrf_token.ts'
import { formActionFor } from '../../authorization/response.ts'
import { sendPage } from '../../http/page.ts'
import { totpPage } from '../../pages/totp.ts'
import { addressOf, type Opened } from './opened.ts'

/** Whose code it has to be is kept with the interaction, where no form can change it. */
export const totpPurpose = ({ interaction }: Opened): string[] => ['totp', interaction.id]

export const showTotpForm = (reply: FastifyReply, opened: Opened, message?: string, status = 200): FastifyReply => {
  const page = totpPage({
    action: `${addressOf(opened)}/totp`,
    csrf: csrfToken(opened.browserSecret, totpPurpose(opened)),
    startOver: addressOf(opened),
    message,
  })
  return sendPage(reply, page, { status, formAction: formActionFor(opened.asked.redirectUri) })
}
