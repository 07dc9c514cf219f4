/**
 * What Redis has to do in one step, as Lua. All keys carry one hash tag, so that a cluster keeps them together.
 *
 * `session:{id}` is a hash that lives as long as the session may; `secret:{hash}` holds the id. The indexes of a realm, of
 * its users and of its usernames are sorted sets of ids in which ids that are gone are weeded out by and by.
 */
import { sha256 } from '../system/hashing.ts'

const PREFIX = '{auth_server}:'

export const sessionKey = (sessionId: string): string => `${PREFIX}session:${sessionId}`

export const secretKey = (secretHash: string): string => `${PREFIX}secret:${secretHash}`

/** What a check writes, apart from all sessions. */
export const CHECK_KEY = `${PREFIX}check`

export const realmKey = (realmId: string): string => `${PREFIX}realm:${realmId}`

export const userKey = (realmId: string, userId: string): string => `${PREFIX}user:${realmId}:${userId}`

/** Hashed, because a username may hold any character. */
export const usernameKey = (realmId: string, username: string): string =>
  `${PREFIX}username:${realmId}:${sha256(username)}`

/** Every index has a fresh session's id; each insert looks at two random ids, so at most about half of an index is dead. */
const INSERT = `
local session, secret = KEYS[1], KEYS[2]
local id, document, secretHash = ARGV[1], ARGV[2], ARGV[3]
local lastSeenAt, idleExpiresAt, expiresAt = ARGV[4], ARGV[5], ARGV[6]
local ttl, absoluteTtl = tonumber(ARGV[7]), tonumber(ARGV[8])
if redis.call('EXISTS', session, secret) > 0 then return 0 end
if ttl <= 0 then return 1 end
redis.call('HSET', session, 'document', document, 'secret_hash', secretHash,
  'last_seen_at', lastSeenAt, 'idle_expires_at', idleExpiresAt, 'expires_at', expiresAt)
redis.call('PEXPIRE', session, ttl)
redis.call('SET', secret, id, 'PX', ttl)
for i = 3, #KEYS do
  local index = KEYS[i]
  for _, known in ipairs(redis.call('ZRANDMEMBER', index, 2)) do
    if redis.call('EXISTS', '${PREFIX}session:' .. known) == 0 then redis.call('ZREM', index, known) end
  end
  redis.call('ZADD', index, 0, id)
  if redis.call('PTTL', index) < absoluteTtl then redis.call('PEXPIRE', index, absoluteTtl) end
end
return 1
`

/** Times of this size are exact in Lua's numbers. Writes only to a session that is there and not over. */
const SLIDE = `
local session = KEYS[1]
local lastSeenAt, wanted = tonumber(ARGV[1]), tonumber(ARGV[2])
local fields = redis.call('HMGET', session, 'last_seen_at', 'idle_expires_at', 'expires_at', 'secret_hash')
if not fields[1] then return 0 end
local seen, idle, absolute = tonumber(fields[1]), tonumber(fields[2]), tonumber(fields[3])
if seen >= lastSeenAt or idle <= lastSeenAt or absolute <= lastSeenAt or idle > wanted then return 0 end
local new = math.min(wanted, absolute)
redis.call('HSET', session, 'last_seen_at', ARGV[1], 'idle_expires_at', string.format('%.0f', new))
local ttl = string.format('%.0f', new - lastSeenAt)
redis.call('PEXPIRE', session, ttl)
redis.call('PEXPIRE', '${PREFIX}secret:' .. fields[4], ttl)
return 1
`

/** The ids stay in the indexes: they lead nowhere any more and are weeded out. */
const DELETE = `
local deleted = 0
for _, session in ipairs(KEYS) do
  local secretHash = redis.call('HGET', session, 'secret_hash')
  if secretHash then
    redis.call('DEL', session, '${PREFIX}secret:' .. secretHash)
    deleted = deleted + 1
  end
end
return deleted
`

export const scripts = {
  insertSession: { lua: INSERT, numberOfKeys: 5 },
  slideSession: { lua: SLIDE, numberOfKeys: 1 },
  deleteSessions: { lua: DELETE },
}
