/** OpenID Connect Core §3.1.2.3 – the page on which a person signs in with a username and a password. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { LoginFlow, LoginOutcome } from '../../authentication/login.ts'
import { upstreamButtonsOf, upstreamOriginsOf } from '../../authentication/upstream.ts'
import { csrfToken, requireCsrfToken } from '../../authorization/csrf_token.ts'
import { formActionFor } from '../../authorization/response.ts'
import { noteError } from '../../http/errors.ts'
import { formBody } from '../../http/form_body.ts'
import { readDevice } from '../../http/known_device.ts'
import { sendPage } from '../../http/page.ts'
import { factsOf } from '../../http/request_facts.ts'
import { OAuthError } from '../../oauth/errors.ts'
import { loginPage } from '../../pages/login.ts'
import { shownRealm } from '../../storage/realm_directory.ts'
import { type CertificateActionDeps, certificateActionOf } from './certificate_action.ts'
import { type GoOnDeps, goOn } from './go_on.ts'
import { addressOf, clientNameOf, type Handle, type Opened } from './opened.ts'

export type LoginDeps = GoOnDeps & CertificateActionDeps & { loginFlow: Pick<LoginFlow, 'login'> }

type LoginForm = { username?: string; message?: string; status?: number }

export const loginPurpose = ({ interaction }: Opened): string[] => ['login', interaction.id]

/** The query of who comes back from the port that asks for certificates and had none that is acceptable. */
export const REFUSED_CERTIFICATE = 'certificate=refused'

const messageFor = (request: FastifyRequest): { message?: string } =>
  (request.query as { certificate?: unknown }).certificate === 'refused'
    ? { message: 'No acceptable certificate was presented.' }
    : {}

export const showLoginForm = (
  deps: CertificateActionDeps,
  reply: FastifyReply,
  opened: Opened,
  form: LoginForm = messageFor(reply.request),
): FastifyReply => {
  const { asked, realm, browserSecret } = opened
  const page = loginPage({
    clientName: clientNameOf(opened),
    action: `${addressOf(opened)}/login`,
    csrf: csrfToken(browserSecret, loginPurpose(opened)),
    username: form.username ?? asked.loginHint,
    message: form.message,
    realmName: shownRealm(realm),
    certificateAction: certificateActionOf(deps, opened),
    hasPassword: realm.settings.auth_params.username_password_params !== undefined,
    upstreams: { action: `${addressOf(opened)}/upstream`, providers: upstreamButtonsOf(realm) },
  })
  const formAction = [...formActionFor(asked.redirectUri), ...upstreamOriginsOf(realm)]
  return sendPage(reply, page, { status: form.status ?? 200, formAction })
}

/** Refusals that pass with time: the person keeps the form, and what is typed in it. */
const PASSING = new Map([
  ['too_many_requests', 'Too many attempts. Wait a moment and try again.'],
  ['temporarily_unavailable', 'Too many people are signing in right now. Wait a moment and try again.'],
])

const showPassing = (
  deps: LoginDeps,
  reply: FastifyReply,
  opened: Opened,
  username: string,
  error: unknown,
): FastifyReply => {
  const message = error instanceof OAuthError ? PASSING.get(error.code) : undefined
  if (!(error instanceof OAuthError) || message === undefined) throw error
  noteError(reply, error)
  return showLoginForm(deps, reply, opened, { username, message, status: error.status })
}

export const createLogin =
  (deps: LoginDeps): Handle =>
  async (opened, request, reply) => {
    const form = formBody(request)
    requireCsrfToken(form.get('csrf'), opened.browserSecret, loginPurpose(opened))
    const username = form.get('username') ?? ''
    const device = readDevice(request, opened.realm)
    const credential = { scheme: 'up', username, password: form.get('password') ?? '', device } as const
    let login: LoginOutcome
    try {
      login = await deps.loginFlow.login(opened.realm, credential, undefined, factsOf(request))
    } catch (error) {
      return showPassing(deps, reply, opened, username, error)
    }
    if (login.outcome !== 'failed') return await goOn(deps, opened, login, { request, reply })
    request.errorCode = 'access_denied'
    // 200, because RFC 9110 §15.5.2 asks of a 401 that it name an authentication scheme of HTTP, and a form is none.
    return showLoginForm(deps, reply, opened, { username, message: 'The username or the password is not right.' })
  }
