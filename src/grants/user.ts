/** The person behind a code or a refresh token, as long as that person's decision still stands. */
import { invalidGrant } from '../oauth/errors.ts'
import type { Granted } from '../oauth/granted.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { User } from '../storage/users.ts'
import type { Milliseconds } from '../system/clock.ts'

/** `grantedAt`: when the decision was made. Throws invalid_grant. */
export const findUser = async (realm: Realm, granted: Granted, grantedAt: Milliseconds): Promise<User> => {
  const user = await realm.store.users.find(granted.userId)
  if (!user?.enabled) throw invalidGrant('the user is gone or disabled')
  // RFC 9700 §4.14.2 – a changed password ends what was allowed with the one before.
  if (user.passwordChangedAt !== undefined && user.passwordChangedAt > grantedAt)
    throw invalidGrant('the password was changed')
  return user
}
