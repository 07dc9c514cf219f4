/** RFC 6749 §4.1.2 – the one answer to an authorization request: a code, or a refusal, exactly once. */
import { acrOf } from '../oauth/acr.ts'
import { rememberedDetails } from '../oauth/authorization_details.ts'
import { addDetails } from '../oauth/authorization_details_comparison.ts'
import type { AuthorizationRequest } from '../oauth/authorization_request.ts'
import { scopesToAllow } from '../oauth/claims_request.ts'
import { OAuthError } from '../oauth/errors.ts'
import type { Granted } from '../oauth/granted.ts'
import { knowsSessions } from '../oauth/logout_uris.ts'
import { profileOf } from '../oauth/profile.ts'
import { type NewAuditEvent, newAuditEvent, type RequestFacts } from '../storage/audit_events.ts'
import { isDuplicateKey } from '../storage/database.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { RealmStore, Store } from '../storage/store.ts'
import type { Clock } from '../system/clock.ts'
import { sha256 } from '../system/hashing.ts'
import type { Random } from '../system/random.ts'
import type { Subjects } from '../tokens/subject.ts'
import { codeFields, type ResponseFields } from './response.ts'
import type { SignedIn } from './signed_in.ts'

const MAX_FAPI_CODE_TTL_SECONDS = 60
const DAY_MS = 86_400_000

export type CompleteDeps = {
  store: Pick<Store, 'transaction'>
  subjects: Pick<Subjects, 'sessionNameOf'>
  clock: Clock
  random: Random
  config: { oauth_params: { code_ttl_secs: number; access_token_ttl_secs: number } }
}

/** Everything that waits for this answer, and that no second one may be given for. */
export type Awaiting = { interactionId: string | undefined; pushedRequestHash: string | undefined }

/** What the person decided on the consent page. */
export type ConsentDecision = { decision: 'allow' | 'deny'; facts: RequestFacts }

const closeAwaiting = async (store: RealmStore, awaiting: Awaiting, now: number): Promise<void> => {
  const { interactionId, pushedRequestHash } = awaiting
  if (interactionId !== undefined && !(await store.interactions.consume(interactionId, now))) {
    throw new OAuthError('conflict', 'This request was answered already')
  }
  // RFC 9126 §4 – a request_uri is used once, whichever visit comes first.
  if (pushedRequestHash !== undefined && !(await store.pushedRequests.consume(pushedRequestHash, now))) {
    throw new OAuthError('conflict', 'This request was answered already')
  }
}

const toGranted = (
  { settings }: Realm,
  request: AuthorizationRequest,
  { session, user }: SignedIn,
  authorizationId: string,
): Granted => ({
  authorizationId,
  userId: user.id,
  sessionId: session.sessionId,
  scopes: [...request.scopes],
  redirectUri: request.redirectUriGiven ? request.redirectUri : undefined,
  nonce: request.nonce,
  codeChallenge: request.codeChallenge,
  authTime: session.authTime,
  amr: session.amr,
  acr: acrOf(settings, session.amr, request.acr),
  ...(request.claims === undefined ? {} : { claims: request.claims }),
  ...(request.authorizationDetails === undefined ? {} : { authorizationDetails: request.authorizationDetails }),
  ...(request.resources === undefined ? {} : { resources: request.resources }),
  ...(request.dpopJkt === undefined ? {} : { dpopJkt: request.dpopJkt }),
})

/** Back-Channel Logout §2.3 – who is told the name of the session is told of its end. */
const takesPart = ({ client, scopes }: AuthorizationRequest): boolean =>
  scopes.includes('openid') && knowsSessions(client.metadata)

const toMember = ({ client }: AuthorizationRequest, { session, user }: SignedIn, sid: string) => ({
  realmId: client.realmId,
  sessionId: session.sessionId,
  clientId: client.clientId,
  sid,
  userId: user.id,
  purgeAfter: session.expiresAt,
})

/** Two requests of one client that enter a session together: the second finds it entered. Nothing else here can collide. */
const onceMore = async (work: () => Promise<void>): Promise<void> => {
  try {
    await work()
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    await work()
  }
}

export const createComplete = ({ store, subjects, clock, random, config }: CompleteDeps) => {
  const consentEvent = (
    request: AuthorizationRequest,
    { user }: SignedIn,
    { decision, facts }: ConsentDecision,
  ): NewAuditEvent =>
    newAuditEvent({ clock, random }, facts, {
      type: decision === 'allow' ? 'consent.granted' : 'consent.denied',
      principal: user.username,
      target: request.client.clientId,
      detail: {
        scopes: [...scopesToAllow(request)],
        ...(request.resources && { resources: request.resources }),
        // Not what they say: it may be about an account or a diagnosis.
        ...(request.authorizationDetails && {
          authorization_details_types: request.authorizationDetails.map(({ type }) => type),
        }),
      },
    })

  /** The row outlives the code and the access token made from it, so that a replay can still revoke that. */
  const purgeAfter = (request: AuthorizationRequest, now: number): number => {
    const ttl = request.client.metadata.access_token_ttl_secs ?? config.oauth_params.access_token_ttl_secs
    return now + ttl * 1000 + DAY_MS
  }

  /** FAPI 2.0 §5.3.2.1 – a minute at most. */
  const codeTtl = ({ settings }: Realm, { client }: AuthorizationRequest): number => {
    const { code_ttl_secs: ttl } = config.oauth_params
    return profileOf(settings, client.metadata) === 'oauth2_1' ? ttl : Math.min(ttl, MAX_FAPI_CODE_TTL_SECONDS)
  }

  const rememberConsent = async (realm: Realm, request: AuthorizationRequest, { user }: SignedIn): Promise<void> => {
    const { consents } = realm.store
    const before = await consents.find(user.id, request.client.clientId)
    const scopes = [...new Set([...(before?.scopes ?? []), ...scopesToAllow(request)])]
    const details = rememberedDetails(realm.settings, request.authorizationDetails ?? [])
    const authorizationDetails = addDetails(before?.authorizationDetails ?? [], details)
    const resources = [...new Set([...(before?.resources ?? []), ...(request.resources ?? [])])]
    await consents.save(user.id, request.client.clientId, { scopes, authorizationDetails, resources }, clock.now())
  }

  return {
    /** With `consent` where the person just allowed it. Throws conflict for every caller but one. */
    async grant(
      realm: Realm,
      request: AuthorizationRequest,
      signedIn: SignedIn,
      { awaiting, consent }: { awaiting: Awaiting; consent?: ConsentDecision },
    ): Promise<ResponseFields> {
      const now = clock.now()
      const code = random.secret()
      const granted = toGranted(realm, request, signedIn, random.id())
      const sid = await subjects.sessionNameOf(realm, request.client, signedIn.session.sessionId)
      const grantOnce = (): Promise<void> =>
        store.transaction(async (repositories) => {
          const realmStore = repositories.realm(realm.id)
          await closeAwaiting(realmStore, awaiting, now)
          await realmStore.authorizationCodes.insert({
            codeHash: sha256(code),
            clientId: request.client.clientId,
            granted,
            createdAt: now,
            expiresAt: now + codeTtl(realm, request) * 1000,
            purgeAfter: purgeAfter(request, now),
          })
          if (consent) await realmStore.audit.insert(consentEvent(request, signedIn, consent))
          if (takesPart(request)) await repositories.sessionClients.join(toMember(request, signedIn, sid))
        })
      await onceMore(grantOnce)
      if (consent) await rememberConsent(realm, request, signedIn)
      return codeFields(realm.issuer, request, code)
    },

    /** The person said no. Throws conflict for every caller but one. */
    async deny(
      realm: Realm,
      request: AuthorizationRequest,
      signedIn: SignedIn,
      { awaiting, consent }: { awaiting: Awaiting; consent: ConsentDecision },
    ): Promise<void> {
      await store.transaction(async (repositories) => {
        const realmStore = repositories.realm(realm.id)
        await closeAwaiting(realmStore, awaiting, clock.now())
        await realmStore.audit.insert(consentEvent(request, signedIn, consent))
      })
    },

    /** Before an error is answered. Throws conflict for every caller but one. */
    async close(realm: Realm, awaiting: Awaiting): Promise<void> {
      if (awaiting.interactionId === undefined && awaiting.pushedRequestHash === undefined) return
      await store.transaction((repositories) => closeAwaiting(repositories.realm(realm.id), awaiting, clock.now()))
    },
  }
}
