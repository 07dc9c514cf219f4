/** /admin/realm/{id}/key – the signing keys of a realm: seen, followed by another one, and taken out of use at once. */
import { z } from 'zod'
import { factsOf } from '../../http/request_facts.ts'
import type { KeyLife } from '../../keys/key_life.ts'
import { OAuthError } from '../../oauth/errors.ts'
import { SIGNING_ALGS, type SigningAlg } from '../../oauth/signing_algs.ts'
import type { Realm, RealmDirectory } from '../../storage/realm_directory.ts'
import type { SigningKeyRecord } from '../../storage/signing_keys.ts'
import { toSeconds } from '../../system/clock.ts'
import { readBody, requireNoBody } from '../json_body.ts'
import { notFound, principalOf } from './administrator.ts'
import type { Call, Rows } from './row.ts'

export type KeysDeps = { rows: Rows; keys: { life: KeyLife }; realms: Pick<RealmDirectory, 'forget'> }

const rotation = z.strictObject({ alg: z.enum(SIGNING_ALGS as [SigningAlg, ...SigningAlg[]]).optional() })

const orNull = (time: number | undefined): number | null => (time === undefined ? null : toSeconds(time))

const toWire = (key: SigningKeyRecord) => ({
  kid: key.kid,
  alg: key.alg,
  state: key.state,
  created_at: toSeconds(key.createdAt),
  activated_at: orNull(key.activatedAt),
  /** Of a prepublished key: when it begins to sign. Of one in grace: when it is not shown any more. */
  next_change_at: orNull(key.dueAt),
  jwk: key.publicJwk,
})

const askedBy = ({ request, administrator }: Call) => ({
  facts: factsOf(request),
  principal: principalOf(administrator),
})

export const createKeysEndpoints = ({ rows, keys, realms }: KeysDeps) => {
  const listed = async (realm: Realm) => ({
    items: (await realm.store.signingKeys.list()).map(toWire),
    next_cursor: null,
  })

  /** Of one algorithm, or of each that the realm signs with. */
  const algsOf = async (realm: Realm, alg: SigningAlg | undefined): Promise<SigningAlg[]> => {
    if (alg) return [alg]
    const active = (await realm.store.signingKeys.list()).filter(({ state }) => state === 'active')
    return SIGNING_ALGS.filter((name) => active.some((key) => key.alg === name))
  }

  return [
    rows.ofRealm('GET', '/key', async (_call, realm) => ({ body: await listed(realm) })),

    rows.ofRealm('POST', '/key/rotate', async (call, realm) => {
      const { body } = call.request
      const { alg } = body === undefined || body === null ? {} : readBody(call.request, rotation)
      const algs = await algsOf(realm, alg)
      if (algs.length === 0) throw new OAuthError('conflict', 'The realm has no key yet: name an alg')
      for (const name of algs) await keys.life.rotate(realm.id, name, askedBy(call))
      realms.forget(realm.id)
      return { body: await listed(realm) }
    }),

    rows.ofRealm('POST', '/key/:kid/revoke', async (call, realm) => {
      requireNoBody(call.request)
      if (!(await keys.life.revoke(realm.id, call.part('kid'), askedBy(call)))) throw notFound()
      realms.forget(realm.id)
      return { body: await listed(realm) }
    }),
  ]
}
