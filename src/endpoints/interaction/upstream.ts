/** OpenID Connect Core §3.1.2.1 – the step of the login page that leads to an identity provider, and what comes of it. */
import type { FastifyReply } from 'fastify'
import {
  type Upstream,
  type UpstreamAnswer,
  upstreamNameOf,
  upstreamProvidersOf,
} from '../../authentication/upstream.ts'
import { requireCsrfToken } from '../../authorization/csrf_token.ts'
import { redirectTo } from '../../http/authorization_response.ts'
import { noteError } from '../../http/errors.ts'
import { queryParameters } from '../../http/form.ts'
import { formBody } from '../../http/form_body.ts'
import { factsOf } from '../../http/request_facts.ts'
import { OAuthError } from '../../oauth/errors.ts'
import type { UpstreamRequest } from '../../storage/upstream_requests.ts'
import { goOn } from './go_on.ts'
import { type LoginDeps, loginPurpose, showLoginForm } from './login.ts'
import type { Handle, Opened } from './opened.ts'

export type UpstreamStepDeps = { upstream: Pick<Upstream, 'begin'> }

export const createUpstreamStep =
  ({ upstream }: UpstreamStepDeps): Handle =>
  async (opened, request, reply) => {
    const form = formBody(request)
    const { realm, interaction } = opened
    requireCsrfToken(form.get('csrf'), opened.browserSecret, loginPurpose(opened))
    const provider = upstreamProvidersOf(realm).find(({ jwt_issuer_uri }) => jwt_issuer_uri === form.get('issuer'))
    if (!provider) throw new OAuthError('invalid_request', 'People cannot sign in at this identity provider')
    return redirectTo(reply, await upstream.begin(realm, interaction.id, provider, opened))
  }

export type UpstreamAnswerDeps = LoginDeps & { upstream: Pick<Upstream, 'finish'> }

type Refusal = Exclude<UpstreamAnswer, { answer: 'proved' }>

const messageOf = ({ answer, provider }: Refusal): string => {
  const name = provider ? upstreamNameOf(provider) : 'the identity provider'
  switch (answer) {
    case 'cancelled':
      return `The sign-in at ${name} was cancelled.`
    case 'no_account':
      return `You signed in at ${name}, but there is no account for you here.`
    case 'failed':
      return `The sign-in at ${name} did not succeed. Try again, or sign in in another way.`
  }
}

const showUnreachable = (
  deps: UpstreamAnswerDeps,
  opened: Opened,
  reply: FastifyReply,
  error: unknown,
): FastifyReply => {
  if (!(error instanceof OAuthError && error.code === 'temporarily_unavailable')) throw error
  noteError(reply, error)
  const message = 'The identity provider cannot be reached at the moment. Wait a moment and try again.'
  return showLoginForm(deps, reply, opened, { message, status: error.status })
}

/** What the page shows once the provider has answered `asked`. */
export const createUpstreamAnswer =
  (deps: UpstreamAnswerDeps, answered: UpstreamRequest): Handle =>
  async (opened, request, reply) => {
    let answer: UpstreamAnswer
    try {
      answer = await deps.upstream.finish(
        opened.realm,
        answered,
        queryParameters(request.url),
        opened,
        factsOf(request),
      )
    } catch (error) {
      return showUnreachable(deps, opened, reply, error)
    }
    if (answer.answer !== 'proved') {
      request.errorCode = 'access_denied'
      return showLoginForm(deps, reply, opened, { message: messageOf(answer) })
    }
    return await goOn(deps, opened, answer.login, { request, reply })
  }
