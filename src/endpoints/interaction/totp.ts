/** RFC 6238 – the step between the right password and the session, for who has an authenticator app. */
import type { LoginFlow, LoginOutcome } from '../../authentication/login.ts'
import { requireCsrfToken } from '../../authorization/csrf_token.ts'
import { redirectTo } from '../../http/authorization_response.ts'
import { noteError } from '../../http/errors.ts'
import { formBody } from '../../http/form_body.ts'
import { factsOf } from '../../http/request_facts.ts'
import { OAuthError } from '../../oauth/errors.ts'
import { type GoOnDeps, goOn } from './go_on.ts'
import { addressOf, type Handle } from './opened.ts'
import { findPending } from './pending_login.ts'
import { showTotpForm, totpPurpose } from './totp_form.ts'

export type TotpStepDeps = GoOnDeps & { loginFlow: Pick<LoginFlow, 'secondFactor'> }

export const createTotpStep =
  (deps: TotpStepDeps): Handle =>
  async (opened, request, reply) => {
    const form = formBody(request)
    requireCsrfToken(form.get('csrf'), opened.browserSecret, totpPurpose(opened))
    // T-SE-05 – a code without the password before it, or long after it, is no login: the interaction begins anew.
    const found = await findPending(deps, opened, 'totp_code')
    if (!found) return redirectTo(reply, addressOf(opened))
    const code = form.get('totp_code') ?? form.get('recovery_code') ?? ''
    let login: LoginOutcome
    try {
      login = await deps.loginFlow.secondFactor(
        opened.realm,
        found.user,
        found.pending.firstFactor,
        code,
        factsOf(request),
      )
    } catch (error) {
      if (!(error instanceof OAuthError && error.code === 'too_many_requests')) throw error
      noteError(reply, error)
      return showTotpForm(reply, opened, 'Too many codes were wrong. Wait some minutes and try again.', error.status)
    }
    if (login.outcome !== 'failed') return await goOn(deps, opened, login, { request, reply })
    request.errorCode = 'access_denied'
    // 200 as for a wrong password: a form is no authentication scheme of HTTP.
    return showTotpForm(reply, opened, 'The code is not right, or it was used already. Wait for the next one.')
  }
