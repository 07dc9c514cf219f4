/** RFC 8705 §2.1 – the step of the login page in which the browser shows its certificate, on whichever port asks for one. */
import type { FastifyReply } from 'fastify'
import type { LoginFlow } from '../../authentication/login.ts'
import { requireCsrfToken } from '../../authorization/csrf_token.ts'
import { redirectTo } from '../../http/authorization_response.ts'
import { presentedCertificate } from '../../http/client_certificate.ts'
import { formBody } from '../../http/form_body.ts'
import { factsOf } from '../../http/request_facts.ts'
import { type GoOnDeps, goOn } from './go_on.ts'
import { loginPurpose, REFUSED_CERTIFICATE } from './login.ts'
import { addressOf, type Handle, type Opened } from './opened.ts'
import { findPending, rememberPending } from './pending_login.ts'
import { showTotpForm } from './totp_form.ts'

export type CertificateStepDeps = GoOnDeps & { loginFlow: Pick<LoginFlow, 'login'> }

/** Back to the main port: a form that was shown on this one could not be sent from its origin. */
const back = (reply: FastifyReply, opened: Opened, to: string): FastifyReply =>
  redirectTo(reply, `${addressOf(opened)}${to}`)

export const createCertificateStep =
  (deps: CertificateStepDeps): Handle =>
  async (opened, request, reply) => {
    requireCsrfToken(formBody(request).get('csrf'), opened.browserSecret, loginPurpose(opened))
    const refuse = (): FastifyReply => {
      request.errorCode = 'access_denied'
      return back(reply, opened, `?${REFUSED_CERTIFICATE}`)
    }
    const certificate = presentedCertificate(request)
    if (!certificate) return refuse()
    const credential = { scheme: 'cc', certificate } as const
    const login = await deps.loginFlow.login(opened.realm, credential, undefined, factsOf(request))
    if (login.outcome === 'failed') return refuse()
    if (login.outcome !== 'totp_required') return await goOn(deps, opened, login, { request, reply })
    await rememberPending(deps, opened, login.user, { waitsFor: 'totp_code', firstFactor: login.firstFactor })
    return back(reply, opened, '/totp')
  }

/** The form for the code, for who comes back from there. */
export const createShowTotp =
  (deps: GoOnDeps): Handle =>
  async (opened, _request, reply) => {
    const found = await findPending(deps, opened, 'totp_code')
    return found ? showTotpForm(reply, opened) : back(reply, opened, '')
  }
