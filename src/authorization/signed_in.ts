/** OpenID Connect Core §3.1.2.3 – who is signed in at this browser, asked anew for every request. */
import type { Session } from '../sessions/session_store.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { User } from '../storage/users.ts'

export type SignedIn = { session: Session; user: User }

export type SignedInDeps = { sessions: Pick<Sessions, 'resume'> }

/** By the cookie of the realm's pages; undefined when nobody is, or the person is gone, disabled or has yet to change a password. */
export const createFindSignedIn =
  ({ sessions }: SignedInDeps) =>
  async (realm: Realm, secret: string | undefined): Promise<SignedIn | undefined> => {
    const session = await sessions.resume(realm.id, 'sso', secret)
    if (!session || session.restricted) return undefined
    // The account may have changed since the session began.
    const user = await realm.store.users.find(session.userId)
    return user?.enabled ? { session, user } : undefined
  }
