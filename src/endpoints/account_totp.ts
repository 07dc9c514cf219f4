/** RFC 6238 – /account/totp: a signed-in person sets up an authenticator app, gets new recovery codes, switches it off. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Totp } from '../authentication/totp.ts'
import { csrfToken, requireCsrfToken } from '../authorization/csrf_token.ts'
import { createFindSignedIn, type SignedIn } from '../authorization/signed_in.ts'
import { ensureBrowserSecret } from '../http/browser_secret.ts'
import { readCookie } from '../http/cookies.ts'
import type { RealmEndpoint } from '../http/endpoint.ts'
import { formBody } from '../http/form_body.ts'
import { requireOwnOrigin } from '../http/own_origin.ts'
import { sendPage } from '../http/page.ts'
import { factsOf } from '../http/request_facts.ts'
import { OAuthError } from '../oauth/errors.ts'
import type { Parameters } from '../oauth/parameters.ts'
import {
  enrolTotpPage,
  manageTotpPage,
  recoveryCodesPage,
  signInAgainPage,
  totpDisabledPage,
} from '../pages/account_totp.ts'
import { sessionCookieName } from '../sessions/cookies.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { Clock } from '../system/clock.ts'
import type { Random } from '../system/random.ts'

export type AccountTotpDeps = {
  totp: Pick<Totp, 'isEnabled' | 'generate' | 'describe' | 'enable' | 'confirm' | 'disable' | 'replaceRecoveryCodes'>
  sessions: Pick<Sessions, 'resume'>
  clock: Clock
  random: Random
}

/** T-SE-08 – a credential is changed only by who has just signed in. */
const RECENT_MS = 5 * 60_000

const REFUSED = 422

type Visit = SignedIn & { realm: Realm; browserSecret: string }

const addressOf = (realm: Realm): string => `${realm.issuer}/account/totp`

/** A secret of another page, session or person has another token. */
const purposeOf = ({ session }: Visit, secretBase32?: string): string[] => [
  'account-totp',
  session.sessionId,
  secretBase32 ?? '',
]

export const createAccountTotpEndpoints = (deps: AccountTotpDeps): RealmEndpoint[] => {
  const { totp, clock, random } = deps
  const findSignedIn = createFindSignedIn(deps)

  const showEnrolment = (reply: FastifyReply, visit: Visit, secret?: string, message?: string): FastifyReply => {
    const { realm, user, browserSecret } = visit
    const generated = secret === undefined ? totp.generate(realm, user) : undefined
    const secretBase32 = secret ?? generated?.secretBase32 ?? ''
    const shown = totp.describe(realm, user, secretBase32)
    const csrf = csrfToken(browserSecret, purposeOf(visit, secretBase32))
    const page = { action: addressOf(realm), csrf, username: user.username, secretBase32, message, ...shown }
    return sendPage(reply, enrolTotpPage(page), message === undefined ? {} : { status: REFUSED })
  }

  const showManagement = (reply: FastifyReply, visit: Visit, message?: string): FastifyReply => {
    const csrf = csrfToken(visit.browserSecret, purposeOf(visit))
    const page = manageTotpPage({ action: addressOf(visit.realm), csrf, username: visit.user.username, message })
    return sendPage(reply, page, message === undefined ? {} : { status: REFUSED })
  }

  const enable = async (request: FastifyRequest, reply: FastifyReply, visit: Visit, form: Parameters) => {
    const secret = form.get('secret') ?? ''
    requireCsrfToken(form.get('csrf'), visit.browserSecret, purposeOf(visit, secret))
    const token = (form.get('totp_code') ?? '').replace(/\s/g, '')
    const enabled = await totp.enable(visit.realm, visit.user, { secret, token }, factsOf(request))
    if (!enabled) return showEnrolment(reply, visit, secret, 'The code is not right. Enter the one that is shown now.')
    return sendPage(reply, recoveryCodesPage({ codes: enabled.recoveryCodes, username: visit.user.username }))
  }

  const change = async (request: FastifyRequest, reply: FastifyReply, visit: Visit, form: Parameters) => {
    const { realm, user } = visit
    requireCsrfToken(form.get('csrf'), visit.browserSecret, purposeOf(visit))
    const facts = factsOf(request)
    if (!(await totp.confirm(realm, user, form.get('totp_code') ?? '', facts)))
      return showManagement(reply, visit, 'The code is not right, or it was used already. Wait for the next one.')
    if (form.get('action') === 'disable') {
      await totp.disable(realm, user, facts)
      return sendPage(reply, totpDisabledPage({ username: user.username, again: addressOf(realm) }))
    }
    const codes = await totp.replaceRecoveryCodes(realm, user, facts)
    return sendPage(reply, recoveryCodesPage({ codes, username: user.username }))
  }

  /** What follows for who has just signed in; for everybody else the page that says so. */
  const forRecent =
    (work: (request: FastifyRequest, reply: FastifyReply, visit: Visit) => Promise<FastifyReply>) =>
    async (request: FastifyRequest, reply: FastifyReply, realm: Realm): Promise<FastifyReply> => {
      requireOwnOrigin(request, realm.issuer)
      const signedIn = await findSignedIn(realm, readCookie(request, sessionCookieName('sso', realm.id)))
      const isRecent = signedIn && clock.now() - signedIn.session.authTime * 1000 <= RECENT_MS
      if (isRecent) {
        const browserSecret = ensureBrowserSecret(request, reply, realm.id, random)
        return await work(request, reply, { ...signedIn, realm, browserSecret })
      }
      request.errorCode = 'login_required'
      const signOut = signedIn && `${realm.issuer}/logout`
      return sendPage(reply, signInAgainPage({ signOut }), { status: 403 })
    }

  const shape = { at: 'realm', path: '/account/totp', errors: 'page', cors: 'none' } as const
  return [
    {
      ...shape,
      method: 'GET',
      handle: forRecent(async (_request, reply, visit) =>
        (await totp.isEnabled(visit.realm, visit.user.id)) ? showManagement(reply, visit) : showEnrolment(reply, visit),
      ),
    },
    {
      ...shape,
      method: 'POST',
      handle: forRecent(async (request, reply, visit) => {
        const form = formBody(request)
        const action = form.get('action')
        if (action === 'enable') return await enable(request, reply, visit, form)
        if (action === 'disable' || action === 'replace_recovery_codes')
          return await change(request, reply, visit, form)
        throw new OAuthError('invalid_request', 'The form says nothing of what is to be done')
      }),
    },
  ]
}
