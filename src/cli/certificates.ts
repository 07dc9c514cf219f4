/**
 * `auth_server certificates [DIR]` – a development certificate authority and what it issues, where they are missing or over.
 * Files of the operator's own are never touched. Any number of processes may do this at once: a key is whichever was
 * linked first, and everything else is made from the keys that lie there.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDevelopmentCertificate, isExpired } from '../config/certificate_chain.ts'
import { isP256 } from '../config/pem.ts'
import { type Clock, systemClock } from '../system/clock.ts'
import { systemRandom } from '../system/random.ts'

const KEY_MODE = 0o600
const PUBLIC_MODE = 0o644

const isCode = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException).code === code

const read = async (file: string): Promise<string | undefined> => {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
}

type Place = { directory: string; made: string[] }

/** Complete or not there at all: written beside, then given its name. False when another process was first. */
const publish = async ({ directory, made }: Place, name: string, text: string, how: 'create' | 'replace') => {
  const file = join(directory, name)
  const draft = join(directory, `.${name}.${systemRandom.id()}`)
  await writeFile(draft, text, { mode: name.endsWith('.key') ? KEY_MODE : PUBLIC_MODE, flag: 'wx' })
  try {
    await (how === 'create' ? link(draft, file) : rename(draft, file))
    made.push(name)
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
  } finally {
    await rm(draft, { force: true })
  }
}

const parseKey = (name: string, text: string): KeyObject => {
  try {
    return createPrivateKey(text)
  } catch {
    throw new Error(`${name} is no private key in PEM; remove it to have another made`)
  }
}

/** The key that lies there, made first where there is none. */
const ensureKey = async (place: Place, name: string): Promise<KeyObject> => {
  const file = join(place.directory, name)
  const existing = await read(file)
  if (existing !== undefined) return parseKey(name, existing)
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await publish(place, name, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 'create')
  return parseKey(name, await readFile(file, 'utf8'))
}

const parseCertificate = (text: string): X509Certificate | undefined => {
  try {
    return new X509Certificate(text)
  } catch {
    return undefined
  }
}

type Subject = { name: string; key: KeyObject; issue: () => Promise<string> }

type Authority = { key: KeyObject; certificate: X509Certificate | undefined; clock: Clock }

/** What was issued before its authority was made anew is made anew as well; callers at the same time differ by less. */
const SAME_TIME_MS = 60_000

/** Somebody else's certificate needs nothing from us. */
const needsNew = (text: string, key: KeyObject, ca: Authority): boolean => {
  const certificate = parseCertificate(text)
  if (!certificate || !isDevelopmentCertificate(certificate)) return false
  const madeAt = Date.parse(certificate.validFrom)
  const isOlder = ca.certificate !== undefined && madeAt + SAME_TIME_MS < Date.parse(ca.certificate.validFrom)
  const isOurs = certificate.checkPrivateKey(key) && certificate.verify(createPublicKey(ca.key))
  return isOlder || isExpired(certificate, ca.clock.now()) || !isOurs
}

const ensureCertificate = async (place: Place, { name, key, issue }: Subject, ca: Authority): Promise<void> => {
  const existing = await read(join(place.directory, name))
  if (existing === undefined) await publish(place, name, await issue(), 'create')
  else if (needsNew(existing, key, ca)) await publish(place, name, await issue(), 'replace')
}

/** A certificate authority of the operator's own in this place means that the rest is the operator's too. */
const hasForeignAuthority = async ({ directory }: Place): Promise<boolean> => {
  const text = await read(join(directory, 'ca.crt'))
  if (text === undefined) return false
  const certificate = parseCertificate(text)
  return !certificate || !isDevelopmentCertificate(certificate)
}

const ensureIssued = async (place: Place, clock: Clock): Promise<void> => {
  const ca = await ensureKey(place, 'ca.key')
  if (!isP256(ca)) throw new Error('ca.key is no EC P-256 key; remove it to have another made')
  const server = await ensureKey(place, 'server.key')
  const client = await ensureKey(place, 'client.key')
  const now = clock.now()
  // Loaded only where something is to be made: the library takes longer than everything else here.
  const authority = () => import('./certificate_authority.ts')
  const issueAuthority = async () => (await authority()).issueAuthority(ca, now)
  const issueServer = async () => (await authority()).issueServer(ca, createPublicKey(server), now)
  const issueClient = async () => (await authority()).issueClient(ca, createPublicKey(client), now)

  const itself: Authority = { key: ca, certificate: undefined, clock }
  await ensureCertificate(place, { name: 'ca.crt', key: ca, issue: issueAuthority }, itself)
  const issuer = { ...itself, certificate: parseCertificate(await readFile(join(place.directory, 'ca.crt'), 'utf8')) }
  await ensureCertificate(place, { name: 'server.crt', key: server, issue: issueServer }, issuer)
  await ensureCertificate(place, { name: 'client.crt', key: client, issue: issueClient }, issuer)
}

const ensureSessionKeys = async (place: Place): Promise<void> => {
  const key = await ensureKey(place, 'session_jwt.key')
  const publicPem = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString()
  const existing = await read(join(place.directory, 'session_jwt.pub'))
  if (existing === undefined) await publish(place, 'session_jwt.pub', publicPem, 'create')
  // The private key was lost and has just been made anew.
  else if (place.made.includes('session_jwt.key') && existing !== publicPem)
    await publish(place, 'session_jwt.pub', publicPem, 'replace')
}

/** For secrets in the database. Whatever lies there stays: without it, what it sealed is lost. */
const ensureEncryptionKey = async (place: Place): Promise<void> => {
  if ((await read(join(place.directory, 'encryption.key'))) === undefined)
    await publish(place, 'encryption.key', `${systemRandom.secret()}\n`, 'create')
}

/** The names of the files that were made. Keys are kept when their certificates are made anew. */
export const ensureCertificates = async (directory: string, clock: Clock): Promise<string[]> => {
  const place: Place = { directory, made: [] }
  await mkdir(directory, { recursive: true, mode: 0o700 })
  if (!(await hasForeignAuthority(place))) await ensureIssued(place, clock)
  await ensureSessionKeys(place)
  await ensureEncryptionKey(place)
  return place.made
}

export const run = async ([directory = './certificates']: string[]): Promise<number> => {
  const made = await ensureCertificates(directory, systemClock)
  if (made.length > 0) process.stdout.write(`Development certificates made in ${directory}: ${made.join(', ')}\n`)
  return 0
}
