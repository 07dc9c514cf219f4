/**
 * T-SE-04, T-SE-05 – what has been proved in an interaction and what it waits for: kept with the interaction on the server,
 * so that no step can be reached but through the one before.
 */
import type { FirstFactor } from '../../authentication/login.ts'
import type { User } from '../../storage/users.ts'
import type { Clock } from '../../system/clock.ts'
import type { Opened } from './opened.ts'

type Waiting =
  | { waitsFor: 'totp_code'; firstFactor: FirstFactor }
  /** Everything is proved; the password has to be changed. */
  | { waitsFor: 'new_password'; authScheme: string; amr: string[] }

/** `since` in milliseconds since the epoch. A password that changes meanwhile ends what the old one began. */
export type PendingLogin = Waiting & { since: number; userId: string; passwordChangedAt: number | undefined }

/** A person looks for a phone or thinks of a password; longer, and whoever sits there may be another. */
const PENDING_MS = 5 * 60_000

export type PendingLoginDeps = { clock: Clock }

export const rememberPending = async (
  { clock }: PendingLoginDeps,
  opened: Opened,
  { id: userId, passwordChangedAt }: User,
  waiting: Waiting,
): Promise<void> => {
  const now = clock.now()
  const pending: PendingLogin = { ...waiting, since: now, userId, passwordChangedAt }
  await opened.realm.store.interactions.rememberFirstFactor(opened.interaction.id, JSON.stringify(pending), now)
}

/** What this step waits for, with its user as it is now; undefined when it waits for something else, or too long ago. */
export const findPending = async <W extends PendingLogin['waitsFor']>(
  { clock }: PendingLoginDeps,
  opened: Opened,
  waitsFor: W,
): Promise<{ pending: Extract<PendingLogin, { waitsFor: W }>; user: User } | undefined> => {
  const { firstFactor } = opened.interaction
  if (firstFactor === undefined) return undefined
  const pending = JSON.parse(firstFactor) as PendingLogin
  if (pending.waitsFor !== waitsFor || Math.abs(clock.now() - pending.since) > PENDING_MS) return undefined
  const user = await opened.realm.store.users.find(pending.userId)
  if (!user?.enabled || user.passwordChangedAt !== pending.passwordChangedAt) return undefined
  return { pending: pending as Extract<PendingLogin, { waitsFor: W }>, user }
}
