/** OpenID Connect Core §3.1.2.3 – gathers what the next step of a request depends on, and asks for it. */
import { acrValuesOf, reachedAcrs } from '../oauth/acr.ts'
import { rememberedDetails } from '../oauth/authorization_details.ts'
import type { AuthorizationRequest } from '../oauth/authorization_request.ts'
import { OAuthError } from '../oauth/errors.ts'
import type { Interaction } from '../storage/interactions.ts'
import type { Realm } from '../storage/realm_directory.ts'
import { type Clock, toSeconds } from '../system/clock.ts'
import type { Subjects } from '../tokens/subject.ts'
import { type NextStep, nextStep } from './next_step.ts'
import { AuthorizationRefused } from './read_request.ts'
import type { SignedIn } from './signed_in.ts'

export type DecideDeps = { subjects: Pick<Subjects, 'subjectOf'>; clock: Clock }

export type Undecided = {
  request: AuthorizationRequest
  signedIn: SignedIn | undefined
  /** Undefined while no page was shown. */
  interaction: Interaction | undefined
}

/** Whether the session began at, or after, the sign-in of this very interaction. */
const isSignedInHere = ({ signedIn, interaction }: Undecided): boolean =>
  signedIn !== undefined &&
  interaction?.authenticatedAt !== undefined &&
  signedIn.session.createdAt >= interaction.authenticatedAt

/** A step, and the person it is about: nobody where they have to sign in. */
export type Decision = { step: 'login' } | { step: Exclude<NextStep, 'login'>; signedIn: SignedIn }

/** Throws AuthorizationRefused where the request allows no page, or no page can help. */
export const createDecide =
  ({ subjects, clock }: DecideDeps) =>
  async (realm: Realm, undecided: Undecided): Promise<Decision> => {
    const { request, signedIn } = undecided
    const consent = signedIn && (await realm.store.consents.find(signedIn.user.id, request.client.clientId))
    const session = signedIn && {
      subject: await subjects.subjectOf(realm, request.client, signedIn.user.id),
      authTime: signedIn.session.authTime,
    }
    try {
      const step = nextStep({
        request,
        session,
        acrs: {
          reached: reachedAcrs(realm.settings, signedIn?.session.amr ?? []),
          reachable: acrValuesOf(realm.settings),
        },
        consentedScopes: consent?.scopes ?? [],
        consentedDetails: rememberedDetails(realm.settings, consent?.authorizationDetails ?? []),
        consentedResources: consent?.resources ?? [],
        signedInHere: isSignedInHere(undecided),
        now: toSeconds(clock.now()),
      })
      return step === 'login' || signedIn === undefined ? { step: 'login' } : { step, signedIn }
    } catch (error) {
      throw error instanceof OAuthError ? new AuthorizationRefused(error, request) : error
    }
  }
