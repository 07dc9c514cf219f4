/** The base64 of password hashes: without padding, and in passlib's spelling with a dot for the plus sign. */

export const decode = (text: string): Buffer => Buffer.from(text.replaceAll('.', '+'), 'base64')

export const isSalt = (salt: Buffer): boolean => salt.length >= 8 && salt.length <= 64

/** Shorter ones would be hit by chance, longer ones only cost more. */
export const isHash = (hash: Buffer): boolean => hash.length >= 16 && hash.length <= 64
