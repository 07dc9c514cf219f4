/** OpenID Connect Core §3.1.2.3 – the page on which a person signs in with a username and a password. */
import type { FastifyReply } from 'fastify'
import type { PasswordAuthentication } from '../../authentication/password.ts'
import { csrfToken, requireCsrfToken } from '../../authorization/interactions.ts'
import { formActionFor } from '../../authorization/response.ts'
import { redirectTo } from '../../http/authorization_response.ts'
import { formBody } from '../../http/form_body.ts'
import { sendPage } from '../../http/page.ts'
import { factsOf } from '../../http/request_facts.ts'
import { OAuthError } from '../../oauth/errors.ts'
import { loginPage } from '../../pages/login.ts'
import { addressOf, clientNameOf, type Handle, type Opened } from './opened.ts'
import { showPasswordForm } from './password.ts'
import { type SignInDeps, signIn } from './sign_in.ts'

export type LoginDeps = SignInDeps & { passwordAuthentication: Pick<PasswordAuthentication, 'authenticate'> }

type LoginForm = { username?: string; message?: string; status?: number }

const purposeOf = ({ interaction }: Opened): string[] => ['login', interaction.id]

export const showLoginForm = (reply: FastifyReply, opened: Opened, form: LoginForm = {}): FastifyReply => {
  const { asked, realm, browserSecret } = opened
  const isDefaultRealm = !realm.issuer.endsWith(`/realms/${realm.id}`)
  const page = loginPage({
    clientName: clientNameOf(opened),
    action: `${addressOf(opened)}/login`,
    csrf: csrfToken(browserSecret, purposeOf(opened)),
    username: form.username ?? asked.loginHint,
    message: form.message,
    realmName: isDefaultRealm ? undefined : realm.id,
  })
  return sendPage(reply, page, { status: form.status ?? 200, formAction: formActionFor(asked.redirectUri) })
}

/** Refusals that pass with time: the person keeps the form, and what is typed in it. */
const PASSING = new Map([
  ['too_many_requests', 'Too many attempts. Wait a moment and try again.'],
  ['temporarily_unavailable', 'Too many people are signing in right now. Wait a moment and try again.'],
])

const showPassing = (reply: FastifyReply, opened: Opened, username: string, error: unknown): FastifyReply => {
  const message = error instanceof OAuthError ? PASSING.get(error.code) : undefined
  if (!(error instanceof OAuthError) || message === undefined) throw error
  reply.request.errorCode = error.code
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds))
  return showLoginForm(reply, opened, { username, message, status: error.status })
}

export const createLogin =
  (deps: LoginDeps): Handle =>
  async (opened, request, reply) => {
    const form = formBody(request)
    requireCsrfToken(form.get('csrf'), opened.browserSecret, purposeOf(opened))
    const username = form.get('username') ?? ''
    const credentials = { username, password: form.get('password') ?? '' }
    let outcome: Awaited<ReturnType<typeof deps.passwordAuthentication.authenticate>>
    try {
      outcome = await deps.passwordAuthentication.authenticate(opened.realm, credentials, factsOf(request))
    } catch (error) {
      return showPassing(reply, opened, username, error)
    }
    if (outcome.outcome === 'failed') {
      request.errorCode = 'access_denied'
      // 200, because RFC 9110 §15.5.2 asks of a 401 that it name an authentication scheme of HTTP, and a form is none.
      return showLoginForm(reply, opened, { username, message: 'The username or the password is not right.' })
    }
    if (outcome.outcome === 'password_expired') {
      if (outcome.mayChange) return showPasswordForm(reply, opened, outcome.user)
      throw new OAuthError('password_expired', 'The password has expired; an administrator can give you a new one')
    }
    await signIn(deps, opened, { user: outcome.user, request, reply })
    return redirectTo(reply, addressOf(opened))
  }
