/** OpenID Connect Core §3.1.2.4 – the page on which a person decides what a client gets. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ConsentDecision } from '../../authorization/complete.ts'
import { csrfToken, requireCsrfToken } from '../../authorization/csrf_token.ts'
import type { AuthorizationFlow } from '../../authorization/flow.ts'
import { errorFields, formActionFor, redirectHost } from '../../authorization/response.ts'
import type { SignedIn } from '../../authorization/signed_in.ts'
import { redirectTo, sendAuthorizationResponse } from '../../http/authorization_response.ts'
import { formBody } from '../../http/form_body.ts'
import { sendPage } from '../../http/page.ts'
import { factsOf } from '../../http/request_facts.ts'
import { detailWords } from '../../oauth/authorization_details_words.ts'
import { scopesToAllow } from '../../oauth/claims_request.ts'
import { OAuthError } from '../../oauth/errors.ts'
import type { Parameters } from '../../oauth/parameters.ts'
import { joinScope, scopeWords } from '../../oauth/scopes.ts'
import { consentPage } from '../../pages/consent.ts'
import { addressOf, clientNameOf, decideHere, type Handle, type Opened } from './opened.ts'

/** T-CS-06 – the decision of this person, in this session, about these scopes and details of this request. */
const purposeOf = ({ interaction, asked }: Opened, { session, user }: SignedIn): string[] => [
  'consent',
  interaction.id,
  session.sessionId,
  user.id,
  joinScope(scopesToAllow(asked)),
  JSON.stringify(asked.authorizationDetails ?? []),
  (asked.resources ?? []).join(' '),
]

/** The name that an administrator gave it, with the address that it is known by. */
const nameOfResource = ({ settings }: Opened['realm'], identifier: string): { identifier: string; name?: string } => {
  const name = settings.resources?.find((resource) => resource.identifier === identifier)?.name
  return { identifier, ...(name === undefined ? {} : { name }) }
}

export const showConsentForm = (reply: FastifyReply, opened: Opened, signedIn: SignedIn): FastifyReply => {
  const { asked, realm, browserSecret } = opened
  const { authorization_details_types: types = [] } = realm.settings
  const descriptions = new Map(realm.settings.scopes.map(({ name, description }) => [name, description]))
  const page = consentPage({
    clientName: clientNameOf(opened),
    redirectHost: redirectHost(asked.redirectUri),
    username: signedIn.user.username,
    scopes: scopesToAllow(asked).map((name) => ({ name, words: scopeWords(name, descriptions.get(name)) })),
    details: (asked.authorizationDetails ?? []).map((detail) => detailWords(detail, types)),
    resources: (asked.resources ?? []).filter((uri) => uri !== realm.issuer).map((uri) => nameOfResource(realm, uri)),
    action: `${addressOf(opened)}/consent`,
    csrf: csrfToken(browserSecret, purposeOf(opened, signedIn)),
    // Every client was registered by an administrator.
    unverified: false,
  })
  return sendPage(reply, page, { formAction: formActionFor(asked.redirectUri) })
}

const readDecision = (form: Parameters, request: FastifyRequest): ConsentDecision => {
  const decision = form.get('decision')
  if (decision !== 'allow' && decision !== 'deny') {
    throw new OAuthError('invalid_request', 'The form carries no decision')
  }
  return { decision, facts: factsOf(request) }
}

export const createConsent =
  (flow: AuthorizationFlow): Handle =>
  async (opened, request, reply) => {
    const form = formBody(request)
    const decided = await decideHere(flow, opened, request)
    // Signed out, or too long ago, since the page was shown.
    if (decided.step === 'login') return redirectTo(reply, addressOf(opened))
    const { signedIn } = decided
    const { realm, asked, awaiting, browserSecret } = opened
    requireCsrfToken(form.get('csrf'), browserSecret, purposeOf(opened, signedIn))
    const consent = readDecision(form, request)
    if (consent.decision === 'allow') {
      const fields = await flow.complete.grant(realm, asked, signedIn, { awaiting, consent })
      return await sendAuthorizationResponse(reply, { realm, flow }, asked, fields)
    }
    await flow.complete.deny(realm, asked, signedIn, { awaiting, consent })
    request.errorCode = 'access_denied'
    const denied = new OAuthError('access_denied', 'The person denied the request')
    return await sendAuthorizationResponse(reply, { realm, flow }, asked, errorFields(realm.issuer, asked, denied))
  }
