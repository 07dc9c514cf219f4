/** Redeems codes and rotates refresh tokens without end, telling each success: the process that tests kill. */
import type { RealmStore, Store } from '../../src/storage/store.ts'
import { systemRandom } from '../../src/system/random.ts'
import { aGrant, aRotation, aUser, HOUR, NOW, rotate } from './storage_fixtures.ts'

/** Tokens are counted, so that a family's head tells how often it was rotated. */
export const headOf = (familyId: string, rotations: number): string => `${familyId}.${rotations}`

type Subject = { store: Store; realmId: string; clientId: string; userId: string }

const LANES = 4
const ROTATIONS = 5

/** The code and what it gives, in one transaction, as the grant does it. */
const redeem = async ({ store, realmId, clientId, userId }: Subject, realm: RealmStore): Promise<string> => {
  const granted = aGrant({ user: aUser({ id: userId }) })
  const codeHash = systemRandom.id()
  await realm.authorizationCodes.insert({
    codeHash,
    clientId,
    granted,
    createdAt: NOW,
    expiresAt: NOW + HOUR,
    purgeAfter: NOW + HOUR,
  })
  await store.transaction(async (transaction) => {
    const inside = transaction.realm(realmId)
    if (!(await inside.authorizationCodes.consume(codeHash, NOW, 3))) throw new Error('the code is gone')
    await inside.refreshFamilies.insert({
      id: granted.authorizationId,
      clientId,
      granted,
      currentTokenHash: headOf(granted.authorizationId, 0),
      createdAt: NOW,
      idleExpiresAt: NOW + HOUR,
      expiresAt: NOW + HOUR,
    })
  })
  return granted.authorizationId
}

export const churn = async (subject: Subject, say: (line: unknown) => void): Promise<never> => {
  const realm = subject.store.realm(subject.realmId)
  const lane = async (): Promise<never> => {
    for (;;) {
      const id = await redeem(subject, realm)
      say({ redeemed: id })
      for (let count = 0; count < ROTATIONS; count++) {
        const rotation = aRotation({ id, head: headOf(id, count) }, headOf(id, count + 1))
        if (!(await rotate({ store: subject.store, realm }, rotation))) throw new Error('the head is not live')
        say({ rotated: id, count: count + 1 })
      }
    }
  }
  return Promise.race(Array.from({ length: LANES }, lane))
}
