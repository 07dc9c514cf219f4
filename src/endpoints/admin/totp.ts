/** /admin/realm/{id}/user/{username}/totp – the authenticator app of a user. The secret goes out before it is stored, and never after. */
import { z } from 'zod'
import { storeEnrolment, type Totp } from '../../authentication/totp.ts'
import { OAuthError } from '../../oauth/errors.ts'
import type { Realm } from '../../storage/realm_directory.ts'
import { readBody, requireNoBody } from '../json_body.ts'
import { notFound } from './administrator.ts'
import type { MakeChange } from './change.ts'
import type { Call, Rows } from './row.ts'
import { findUser } from './users.ts'

export type TotpEndpointsDeps = { rows: Rows; makeChange: MakeChange; totp: Pick<Totp, 'generate' | 'prepare'> }

const proposal = z.strictObject({
  secret: z.string().max(512, 'must have at most 512 characters'),
  token: z.string().regex(/^[0-9]{6}$/, 'must be six digits'),
})

export const createTotpEndpoints = ({ rows, makeChange, totp }: TotpEndpointsDeps) => {
  /** In place of an app that the user had: an administrator may as well have removed it before. */
  const enable = async (call: Call, realm: Realm): Promise<string[]> => {
    const { id: target } = await findUser(realm.store, call.part('username'))
    const enrolment = totp.prepare(realm, target, readBody(call.request, proposal))
    if (!enrolment) throw new OAuthError('unprocessable', 'token: is not a code of this secret now')
    const { request, administrator } = call
    const change = { request, administrator, realmId: realm.id, type: 'user.totp_enabled', target } as const
    await makeChange(change, async (realmStore) => {
      if (!(await realmStore.users.find(target))) throw notFound()
      await storeEnrolment(realmStore, enrolment)
    })
    return enrolment.recoveryCodes
  }

  const disable = async (call: Call, realm: Realm): Promise<void> => {
    requireNoBody(call.request)
    const { id: target } = await findUser(realm.store, call.part('username'))
    const { request, administrator } = call
    const change = { request, administrator, realmId: realm.id, type: 'user.totp_disabled', target } as const
    await makeChange(change, async (realmStore) => {
      if (!(await realmStore.totpCredentials.delete(target))) throw notFound()
    })
  }

  return [
    rows.ofRealm('POST', '/user/:username/totp/generate', async (call, realm) => {
      requireNoBody(call.request)
      const { secretBase32, otpauthUrl } = totp.generate(realm, await findUser(realm.store, call.part('username')))
      return { body: { secret_base32: secretBase32, otpauth_url: otpauthUrl } }
    }),

    rows.ofRealm('POST', '/user/:username/totp/verify', async (call, realm) => ({
      body: { recovery_codes: await enable(call, realm) },
    })),

    rows.ofRealm('DELETE', '/user/:username/totp', async (call, realm) => {
      await disable(call, realm)
      return {}
    }),
  ]
}
