/** The one-time setup link: a page on which a person creates the first administrator. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { createFirstAdministrator } from '../authentication/first_administrator.ts'
import type { PasswordHashing } from '../authentication/password_hashing.ts'
import { checkNewPassword, describePasswordProblem } from '../authentication/password_policy.ts'
import { isSetupToken } from '../authentication/setup_link.ts'
import type { ServerEndpoint } from '../http/endpoint.ts'
import { requireOwnOrigin } from '../http/own_origin.ts'
import { sendPage } from '../http/page.ts'
import { factsOf } from '../http/request_facts.ts'
import { OAuthError } from '../oauth/errors.ts'
import type { Parameters } from '../oauth/parameters.ts'
import { ADMINISTRATORS_REALM } from '../oauth/realm_settings.ts'
import { usernameProblem } from '../oauth/username.ts'
import { setupPage } from '../pages/setup.ts'
import { setupDonePage } from '../pages/setup_done.ts'
import { isDuplicateKey } from '../storage/database.ts'
import type { Store } from '../storage/store.ts'
import type { Clock } from '../system/clock.ts'
import { constantTimeEquals, hmacSha256, sha256 } from '../system/hashing.ts'
import type { Random } from '../system/random.ts'

export type SetupDeps = {
  config: { oauth_params: { issuer: string; default_realm: string } }
  store: Pick<Store, 'setupTokens' | 'transaction'>
  passwordHashing: Pick<PasswordHashing, 'hash'>
  clock: Clock
  random: Random
}

const REFUSED = 422

/** The same for a link that never was, that was used and that is too old. */
const notLive = (): OAuthError => new OAuthError('not_found', 'This link has been used, has expired or never existed')

const tokenOf = (request: FastifyRequest): string => (request.params as { token: string }).token

/** Proves that the form came from the page of this link. */
const csrfOf = (token: string): string => hmacSha256(token, 'setup form')

const readForm = (request: FastifyRequest): Parameters => {
  if (!/^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? ''))
    throw new OAuthError('unsupported_media_type', 'The form has to be application/x-www-form-urlencoded')
  return request.body as Parameters
}

/** What the person has to do otherwise; the password to hash where everything is fine. */
const check = (username: string, password: string, again: string): { password: string } | { message: string } => {
  const problem = usernameProblem(username)
  if (problem !== undefined) return { message: `The username ${problem}.` }
  if (!constantTimeEquals(password, again)) return { message: 'The two passwords differ.' }
  const checked = checkNewPassword(password, { username, realmId: ADMINISTRATORS_REALM })
  return checked.problem === undefined ? checked : { message: `${describePasswordProblem(checked.problem)}.` }
}

export const createSetupEndpoints = (deps: SetupDeps): ServerEndpoint[] => {
  const { store, passwordHashing, clock } = deps
  const { issuer, default_realm: realmId } = deps.config.oauth_params
  const createAdministrator = createFirstAdministrator(deps)

  const requireLive = async (token: string): Promise<void> => {
    if (!isSetupToken(token) || !(await store.setupTokens.isLive(sha256(token), clock.now()))) throw notLive()
  }

  const showForm = (reply: FastifyReply, token: string, refused?: { username: string; message: string }) => {
    const page = setupPage({ action: `/setup/${token}`, csrf: csrfOf(token), ...refused })
    return sendPage(reply, page, refused ? { status: REFUSED } : {})
  }

  /** What to tell the person instead of going on; undefined when the administrator exists now. */
  const create = async (request: FastifyRequest, username: string, password: string): Promise<string | undefined> => {
    const setupTokenHash = sha256(tokenOf(request))
    const passwordHash = await passwordHashing.hash(password)
    const facts = factsOf(request)
    try {
      const isFirst = await createAdministrator({ username, passwordHash, facts, setupTokenHash })
      if (!isFirst) throw notLive()
      return undefined
    } catch (error) {
      if (!isDuplicateKey(error)) throw error
      return 'There is a user of that name already.'
    }
  }

  const shape = { at: 'server', path: '/setup/:token', errors: 'page', cors: 'none' } as const
  return [
    {
      ...shape,
      method: 'GET',
      async handle(request, reply) {
        const token = tokenOf(request)
        await requireLive(token)
        return showForm(reply, token)
      },
    },
    {
      ...shape,
      method: 'POST',
      async handle(request, reply) {
        const token = tokenOf(request)
        await requireLive(token)
        requireOwnOrigin(request, issuer)
        const form = readForm(request)
        if (!constantTimeEquals(form.get('csrf') ?? '', csrfOf(token)))
          throw new OAuthError('forbidden', 'The form did not come from the page of this link')
        const username = form.get('username') ?? ''
        const checked = check(username, form.get('password') ?? '', form.get('password_again') ?? '')
        if ('message' in checked) return showForm(reply, token, { username, message: checked.message })
        const message = await create(request, username, checked.password)
        if (message !== undefined) return showForm(reply, token, { username, message })
        return sendPage(reply, setupDonePage({ username, issuer, realmId }))
      },
    },
  ]
}
