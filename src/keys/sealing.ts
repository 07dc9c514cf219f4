/**
 * NIST SP 800-38D – secrets at rest under AES-256-GCM. What is sealed names its key and is bound to where it belongs: it
 * cannot be opened in the place of another one. The previous key opens what was sealed before a change of keys.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { hmacSha256 } from '../system/hashing.ts'
import type { Random } from '../system/random.ts'

export type SecretsParams = { encryption_key?: string | undefined; previous_encryption_key?: string | undefined }

export type SealingDeps = { config: { secrets_params: SecretsParams }; random: Random }

/** Where it belongs, from the outside in: the kind of secret, the realm, the user. */
type Place = readonly string[]

/** `isCurrent`: under the key that seals today. */
export type Opened = { text: string; isCurrent: boolean }

type Key = { id: string; bytes: Buffer }

const CIPHER = 'aes-256-gcm'
const VERSION = 'v1'
// 96 random bits: by SP 800-38D, section 8.3, good for 2^32 secrets under one key.
const NONCE_BYTES = 12
const TAG_BYTES = 16
const KEY_ID_LENGTH = 8

const toKey = (text: string): Key => ({
  // One-way: the name of a key gives nothing of it away.
  id: hmacSha256(text, 'key id').slice(0, KEY_ID_LENGTH),
  bytes: Buffer.from(text, 'base64url'),
})

const additionalData = (keyId: string, place: Place): Buffer => Buffer.from(JSON.stringify([VERSION, keyId, ...place]))

const decrypt = (key: Key, nonce: Buffer, sealed: Buffer, place: Place): string | undefined => {
  if (nonce.length !== NONCE_BYTES || sealed.length < TAG_BYTES) return undefined
  const decipher = createDecipheriv(CIPHER, key.bytes, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(additionalData(key.id, place))
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8')
  } catch {
    // Not what was sealed here.
    return undefined
  }
}

export const createSealing = ({ config: { secrets_params: params }, random }: SealingDeps) => {
  const current = params.encryption_key === undefined ? undefined : toKey(params.encryption_key)
  const previous = params.previous_encryption_key === undefined ? undefined : toKey(params.previous_encryption_key)

  return {
    /** Without a key nothing can be sealed. */
    canSeal: current !== undefined,

    /** Throws where `canSeal` is false. */
    seal(text: string, place: Place): string {
      if (!current) throw new Error('secrets_params.encryption_key is not set')
      const nonce = Buffer.from(random.id(), 'base64url').subarray(0, NONCE_BYTES)
      const cipher = createCipheriv(CIPHER, current.bytes, nonce, { authTagLength: TAG_BYTES })
      cipher.setAAD(additionalData(current.id, place))
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return [VERSION, current.id, nonce.toString('base64url'), sealed.toString('base64url')].join('.')
    },

    /** Undefined when its key is not there, when it was changed, and when it belongs elsewhere. */
    open(text: string, place: Place): Opened | undefined {
      const [version, keyId, nonce = '', sealed = ''] = text.split('.')
      const key = [current, previous].find((candidate) => candidate?.id === keyId)
      if (version !== VERSION || !key) return undefined
      const opened = decrypt(key, Buffer.from(nonce, 'base64url'), Buffer.from(sealed, 'base64url'), place)
      return opened === undefined ? undefined : { text: opened, isCurrent: key === current }
    },
  }
}

export type Sealing = ReturnType<typeof createSealing>
