/** T-BF-06 – the cookie that tells a device with which somebody signed in right before. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { KNOWN_DEVICE_SECONDS, type KnownDevices } from '../authentication/known_device.ts'
import { deviceCookieName } from '../sessions/cookies.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { User } from '../storage/users.ts'
import { readCookie, setCookie } from './cookies.ts'

export const readDevice = (request: FastifyRequest, { id }: Pick<Realm, 'id'>): string | undefined =>
  readCookie(request, deviceCookieName(id))

export type RememberDeviceDeps = { knownDevices: Pick<KnownDevices, 'remember'> }

/** After a sign-in that was right to its end. */
export const rememberDevice = async (
  { knownDevices }: RememberDeviceDeps,
  { request, reply, realm }: { request: FastifyRequest; reply: FastifyReply; realm: Realm },
  user: User,
): Promise<void> => {
  const value = await knownDevices.remember(realm, readDevice(request, realm), user)
  setCookie(reply, {
    name: deviceCookieName(realm.id),
    value,
    // Signing in may begin at another site.
    sameSite: 'lax',
    maxAgeSeconds: KNOWN_DEVICE_SECONDS,
  })
}
