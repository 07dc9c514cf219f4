/** What a page shows after a login, whichever method it came by: the next thing to prove, or back to the interaction. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { LoginOutcome } from '../../authentication/login.ts'
import { redirectTo } from '../../http/authorization_response.ts'
import { OAuthError } from '../../oauth/errors.ts'
import { addressOf, type Opened } from './opened.ts'
import { showPasswordForm } from './password.ts'
import { rememberPending } from './pending_login.ts'
import { type SignInDeps, signIn } from './sign_in.ts'
import { showTotpForm } from './totp_form.ts'

export type GoOnDeps = SignInDeps

/** A failed login stays with the page that it came from. */
export const goOn = async (
  deps: GoOnDeps,
  opened: Opened,
  login: Exclude<LoginOutcome, { outcome: 'failed' }>,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): Promise<FastifyReply> => {
  switch (login.outcome) {
    case 'password_expired':
      throw new OAuthError('password_expired', 'The password has expired; an administrator can give you a new one')
    case 'totp_required':
      await rememberPending(deps, opened, login.user, { waitsFor: 'totp_code', firstFactor: login.firstFactor })
      return showTotpForm(reply, opened)
    case 'authenticated': {
      const { user, authScheme, amr } = login
      if (login.restricted) {
        await rememberPending(deps, opened, user, { waitsFor: 'new_password', authScheme, amr })
        return showPasswordForm(reply, opened, user)
      }
      await signIn(deps, opened, { user, authScheme, amr, request, reply })
      return redirectTo(reply, addressOf(opened))
    }
  }
}
