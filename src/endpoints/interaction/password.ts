/** OWASP ASVS 6.2.2 – the page on which a person whose password has expired chooses a new one, and so signs in. */
import type { FastifyReply } from 'fastify'
import type { PasswordAuthentication, PasswordChange } from '../../authentication/password.ts'
import { describePasswordProblem } from '../../authentication/password_policy.ts'
import { csrfToken, requireCsrfToken } from '../../authorization/csrf_token.ts'
import { formActionFor } from '../../authorization/response.ts'
import { redirectTo } from '../../http/authorization_response.ts'
import { formBody } from '../../http/form_body.ts'
import { readDevice } from '../../http/known_device.ts'
import { sendPage } from '../../http/page.ts'
import { factsOf } from '../../http/request_facts.ts'
import { changePasswordPage } from '../../pages/change_password.ts'
import type { User } from '../../storage/users.ts'
import { addressOf, type Handle, type Opened } from './opened.ts'
import { findPending } from './pending_login.ts'
import { type SignInDeps, signIn } from './sign_in.ts'

export type PasswordFormDeps = SignInDeps & { passwordAuthentication: Pick<PasswordAuthentication, 'changePassword'> }

const purposeOf = ({ interaction }: Opened, userId: string): string[] => ['password', interaction.id, userId]

export const showPasswordForm = (reply: FastifyReply, opened: Opened, user: User, message?: string): FastifyReply => {
  const page = changePasswordPage({
    action: `${addressOf(opened)}/password`,
    csrf: csrfToken(opened.browserSecret, purposeOf(opened, user.id)),
    username: user.username,
    message,
  })
  return sendPage(reply, page, { formAction: formActionFor(opened.asked.redirectUri) })
}

const messageOf = (change: Exclude<PasswordChange, { outcome: 'changed' }>): string =>
  change.outcome === 'wrong_password'
    ? 'The current password is not right.'
    : `${describePasswordProblem(change.problem)}.`

export const createChangePassword =
  (deps: PasswordFormDeps): Handle =>
  async (opened, request, reply) => {
    const form = formBody(request)
    const found = await findPending(deps, opened, 'new_password')
    // Nothing was proved here, or long ago: the interaction says what is next.
    if (!found) return redirectTo(reply, addressOf(opened))
    const { pending, user } = found
    requireCsrfToken(form.get('csrf'), opened.browserSecret, purposeOf(opened, user.id))
    const next = form.get('new_password') ?? ''
    if (next !== form.get('new_password_again')) {
      return showPasswordForm(reply, opened, user, 'The new password is not the same in both fields.')
    }
    const device = readDevice(request, opened.realm)
    const passwords = { current: form.get('current_password') ?? '', next, device }
    const change = await deps.passwordAuthentication.changePassword(opened.realm, user, passwords, factsOf(request))
    if (change.outcome !== 'changed') return showPasswordForm(reply, opened, user, messageOf(change))
    const { authScheme, amr } = pending
    await signIn(deps, opened, { user: change.user, authScheme, amr, request, reply })
    return redirectTo(reply, addressOf(opened))
  }
