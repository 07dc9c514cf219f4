/** /admin/realm/{id}/user/{username}/certificate – which client certificate signs a user in: by its name, or read from the certificate. */
import { X509Certificate } from 'node:crypto'
import { readCertificateFields } from '../../oauth/certificate_fields.ts'
import { certificateKey, namesOfCertificate, thumbprintOf } from '../../oauth/certificate_identity.ts'
import { OAuthError } from '../../oauth/errors.ts'
import { certificateSettingSchema } from '../../oauth/user_registration.ts'
import type { Sessions } from '../../sessions/sessions.ts'
import type { Realm } from '../../storage/realm_directory.ts'
import type { UserCertificate } from '../../storage/users.ts'
import type { Clock } from '../../system/clock.ts'
import { readBody, requireNoBody } from '../json_body.ts'
import { notFound } from './administrator.ts'
import type { MakeChange } from './change.ts'
import type { Call, Rows } from './row.ts'
import { findUser } from './users.ts'

export type UserCertificatesDeps = {
  rows: Rows
  makeChange: MakeChange
  sessions: Pick<Sessions, 'endByUser'>
  clock: Clock
}

const unprocessable = (description: string): OAuthError => new OAuthError('unprocessable', description)

const readPem = (pem: string): Buffer => {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? []
  const [block] = blocks
  if (block === undefined || blocks.length > 1) throw unprocessable('certificate_pem: must be one certificate in PEM')
  try {
    return new X509Certificate(block).raw
  } catch (cause) {
    throw new OAuthError('unprocessable', 'certificate_pem: cannot be read', { cause })
  }
}

/** The one name that the realm goes by. */
const nameIn = (pem: string, realm: Realm): UserCertificate => {
  const kind = realm.settings.auth_params.client_certificate_params?.subject_from
  if (kind === undefined)
    throw unprocessable('certificate_pem: the realm has no client_certificate_params that say which name counts')
  const der = readPem(pem)
  const fields = readCertificateFields(der)
  if (!fields) throw unprocessable('certificate_pem: cannot be read')
  const names = namesOfCertificate(kind, fields, thumbprintOf(der)).filter((name) => certificateKey(kind, name))
  const [name] = names
  if (name === undefined) throw unprocessable('certificate_pem: has no name of the kind that the realm goes by')
  if (names.length > 1) throw unprocessable('certificate_pem: has several names of that kind: give the one that counts')
  return { [kind]: name }
}

const isSame = (a: UserCertificate | undefined, b: UserCertificate | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b)

export const createUserCertificatesEndpoints = (deps: UserCertificatesDeps) => {
  const { rows, makeChange, sessions, clock } = deps

  /** T-LC-01 – who held the former certificate keeps nothing that it opened. */
  const change = async (call: Call, realm: Realm, certificate: UserCertificate | undefined): Promise<void> => {
    const { id: target } = await findUser(realm.store, call.part('username'))
    const { request, administrator } = call
    const what = { request, administrator, realmId: realm.id, type: 'user.certificate_changed', target } as const
    const isTakenAway = await makeChange(what, async (realmStore) => {
      const before = await realmStore.users.find(target)
      if (!before) throw notFound()
      const now = clock.now()
      await realmStore.users.update({ ...before, certificate, updatedAt: now })
      const isChanged = before.certificate !== undefined && !isSame(before.certificate, certificate)
      if (isChanged) await realmStore.refreshFamilies.revokeByUser(target, 'certificate_changed', now)
      return isChanged || certificate === undefined
    })
    if (isTakenAway) await sessions.endByUser(realm.id, target)
  }

  return [
    rows.ofRealm('GET', '/user/:username/certificate', async (call, realm) => {
      const { certificate } = await findUser(realm.store, call.part('username'))
      if (certificate === undefined) throw notFound()
      return { body: certificate }
    }),

    rows.ofRealm('PUT', '/user/:username/certificate', async (call, realm) => {
      const body = readBody(call.request, certificateSettingSchema)
      const certificate = 'certificate_pem' in body ? nameIn(body.certificate_pem, realm) : body
      await change(call, realm, certificate)
      return { body: certificate }
    }),

    rows.ofRealm('DELETE', '/user/:username/certificate', async (call, realm) => {
      requireNoBody(call.request)
      await change(call, realm, undefined)
      return {}
    }),
  ]
}
