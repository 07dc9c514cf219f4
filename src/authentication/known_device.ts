/**
 * T-BF-06 – the devices with which people signed in right before: a cookie that says so and that nobody can make up. It proves
 * nothing about who is there; it only keeps other people's guesses from standing in the owner's way.
 *
 * One entry a user, `id.expires.mac`, joined by `~`: the MAC is over the user and the time of the password's last change, so
 * that a new password ends what older ones began.
 */
import { createRealmSecret } from '../keys/realm_secret.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { User } from '../storage/users.ts'
import type { Clock } from '../system/clock.ts'
import { constantTimeEquals, hmacSha256 } from '../system/hashing.ts'
import type { Random } from '../system/random.ts'

export const KNOWN_DEVICE_SECONDS = 31_536_000

/** People who share one browser; the one who signed in longest ago makes room. */
const MAX_USERS = 8

const ENTRY = /^([A-Za-z0-9_-]{43})\.([0-9a-z]{1,12})\.([A-Za-z0-9_-]{43})$/

type Entry = { id: string; expires: string; mac: string }

type Person = Pick<User, 'id' | 'passwordChangedAt'>

export type KnownDevicesDeps = { clock: Clock; random: Random }

const readEntries = (cookie: string): Entry[] =>
  cookie.split('~', MAX_USERS + 1).flatMap((text) => {
    const [, id, expires, mac] = ENTRY.exec(text) ?? []
    return id === undefined || expires === undefined || mac === undefined ? [] : [{ id, expires, mac }]
  })

const write = ({ id, expires, mac }: Entry): string => `${id}.${expires}.${mac}`

export const createKnownDevices = ({ clock, random }: KnownDevicesDeps) => {
  const secretOf = createRealmSecret({ clock, random }, 'known_device')

  const macOf = (secret: string, user: Person, id: string, expires: string): string =>
    hmacSha256(secret, JSON.stringify([user.id, user.passwordChangedAt ?? 0, id, expires]))

  const findEntry = async (realm: Realm, cookie: string, user: Person): Promise<Entry | undefined> => {
    const entries = readEntries(cookie)
    if (entries.length === 0) return undefined
    const secret = await secretOf(realm)
    return entries.find(
      ({ id, expires, mac }) =>
        parseInt(expires, 36) > clock.now() && constantTimeEquals(mac, macOf(secret, user, id, expires)),
    )
  }

  return {
    /** The id of the device, for this user; undefined when the cookie says nothing about the user. */
    async find(realm: Realm, cookie: string | undefined, user: Person): Promise<string | undefined> {
      return cookie === undefined ? undefined : (await findEntry(realm, cookie, user))?.id
    },

    /** The cookie for who has just signed in: for a year from now, and with what it said of others. */
    async remember(realm: Realm, cookie: string | undefined, user: Person): Promise<string> {
      const known = cookie === undefined ? undefined : await findEntry(realm, cookie, user)
      const others = readEntries(cookie ?? '').filter(({ id }) => id !== known?.id)
      const id = known?.id ?? random.secret()
      const expires = (clock.now() + KNOWN_DEVICE_SECONDS * 1000).toString(36)
      const entry = { id, expires, mac: macOf(await secretOf(realm), user, id, expires) }
      return [entry, ...others].slice(0, MAX_USERS).map(write).join('~')
    },
  }
}

export type KnownDevices = ReturnType<typeof createKnownDevices>
