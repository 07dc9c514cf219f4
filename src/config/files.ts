/** Reads the files that a configuration names, with a bound and with words for whatever may be wrong. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const MAX_BYTES = 1_048_576
const CHUNK_BYTES = 16_384

/** What was found instead, fit for `found …`; it does not name the file. */
type Unreadable = { found: string }

const NO_TEXT: Unreadable = { found: 'bytes that are no UTF-8 text' }

const reasons: Record<string, string> = {
  ENOENT: 'no file there',
  ENOTDIR: 'no file there',
  EACCES: 'a file that may not be read',
  EPERM: 'a file that may not be read',
  EISDIR: 'a directory',
  ENAMETOOLONG: 'a path that is too long',
  ELOOP: 'a link to itself',
  ERR_INVALID_ARG_VALUE: 'a path with a NUL character',
}

/** Bounded by what is read and not by the size that is told, which devices and pipes do not know. */
const readBounded = (descriptor: number, maxBytes: number): Buffer | undefined => {
  const chunks: Buffer[] = []
  for (let length = 0; length <= maxBytes; ) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    const count = readSync(descriptor, chunk)
    if (count === 0) return Buffer.concat(chunks)
    chunks.push(chunk.subarray(0, count))
    length += count
  }
  return undefined
}

const decode = (bytes: Buffer): { text: string } | Unreadable => {
  try {
    // A byte order mark is taken off.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return text.includes('\0') ? NO_TEXT : { text }
  } catch {
    return NO_TEXT
  }
}

/** `mode` is the permission bits, 0 where the system has none. */
export const readBytes = (file: string, maxBytes: number): { bytes: Buffer; mode: number } | Unreadable => {
  let descriptor: number | undefined
  try {
    descriptor = openSync(file, 'r')
    const stat = fstatSync(descriptor)
    if (stat.isDirectory()) return { found: 'a directory' }
    const bytes = readBounded(descriptor, maxBytes)
    if (!bytes) return { found: `a file of more than ${maxBytes} bytes` }
    return { mode: process.platform === 'win32' ? 0 : stat.mode & 0o777, bytes }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    return { found: reasons[code] ?? `a file that cannot be read (${code || 'unknown'})` }
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
}

export const readText = (file: string): { text: string; mode: number } | Unreadable => {
  const result = readBytes(file, MAX_BYTES)
  return 'found' in result ? result : { mode: result.mode, ...decode(result.bytes) }
}
