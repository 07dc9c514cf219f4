/** OpenID Connect Core §3.1.2.3 and §3.1.2.4 – the addresses at which a person signs in and decides. */
import { type AuthorizationFlow, type AuthorizationFlowDeps, createAuthorizationFlow } from '../authorization/flow.ts'
import { sendAuthorizationResponse } from '../http/authorization_response.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { requireOwnOrigin, requireOwnSite } from '../http/own_origin.ts'
import { createCertificateStep, createShowTotp } from './interaction/certificate.ts'
import { createConsent, showConsentForm } from './interaction/consent.ts'
import { createLogin, type LoginDeps, showLoginForm } from './interaction/login.ts'
import { createHandleOpened, decideHere, type Handle } from './interaction/opened.ts'
import { createChangePassword, type PasswordFormDeps } from './interaction/password.ts'
import { createTotpStep, type TotpStepDeps } from './interaction/totp.ts'
import { createUpstreamStep, type UpstreamStepDeps } from './interaction/upstream.ts'

/** The page that is next, or the answer to the client when none is. */
const createShow =
  (flow: AuthorizationFlow, deps: LoginDeps): Handle =>
  async (opened, request, reply) => {
    const decision = await decideHere(flow, opened, request)
    if (decision.step === 'login') return showLoginForm(deps, reply, opened)
    if (decision.step === 'consent') return showConsentForm(reply, opened, decision.signedIn)
    const { realm, asked, awaiting } = opened
    const fields = await flow.complete.grant(realm, asked, decision.signedIn, { awaiting })
    return await sendAuthorizationResponse(reply, { realm, flow }, asked, fields)
  }

export const createInteractionEndpoints = (
  deps: AuthorizationFlowDeps & LoginDeps & TotpStepDeps & UpstreamStepDeps & PasswordFormDeps,
): Endpoint[] => {
  const flow = createAuthorizationFlow(deps)

  const page = (method: 'GET' | 'POST', path: string, handle: Handle, requireOrigin = requireOwnOrigin): Endpoint => {
    const handleOpened = createHandleOpened(flow, handle)
    return {
      at: 'realm',
      method,
      path,
      errors: 'page',
      cors: 'none',
      async handle(request, reply, realm) {
        // T-CS-01 – before anything else: the form of a foreign page is not even looked at.
        requireOrigin(request, realm.issuer)
        return await handleOpened(request, reply, realm)
      },
    }
  }

  return [
    page('GET', '/interaction/:id', createShow(flow, deps)),
    page('POST', '/interaction/:id/login', createLogin(deps)),
    page('POST', '/interaction/:id/certificate', createCertificateStep(deps), requireOwnSite),
    page('GET', '/interaction/:id/totp', createShowTotp(deps)),
    page('POST', '/interaction/:id/totp', createTotpStep(deps)),
    page('POST', '/interaction/:id/password', createChangePassword(deps)),
    page('POST', '/interaction/:id/upstream', createUpstreamStep(deps)),
    page('POST', '/interaction/:id/consent', createConsent(flow)),
  ]
}
