/** RFC 5280 §6.3 – whether an authority has taken a certificate back, by lists in a file that is read again when it changes. */

import type { X509Certificate } from 'node:crypto'
import { keyId, type RevocationList, readRevocationLists } from '../config/revocation_lists.ts'
import type { Clock, Milliseconds } from '../system/clock.ts'
import { markOf } from '../system/file_watch.ts'
import type { Log } from '../system/log.ts'
import type { CertificateProblem, Link, Path } from './certificate_path.ts'

/** How often the file is looked at. */
const LOOK_EVERY_MS = 2_000
/** How often one trouble is told. */
const TELL_EVERY_MS = 60_000

export type RevocationDeps = { clock: Clock; log: Log }

const isAbout = ({ covers }: RevocationList, { fields }: Link): boolean =>
  covers === 'all' || (covers === 'authorities') === (fields.authority?.isAuthority ?? false)

export const createRevocation = (
  file: string | undefined,
  authorities: readonly X509Certificate[],
  { clock, log }: RevocationDeps,
) => {
  let lists: readonly RevocationList[] = []
  let mark: string | undefined
  let lookedAt = Number.NEGATIVE_INFINITY
  const toldAt = new Map<string, Milliseconds>()

  const tell = (trouble: string, more: Record<string, unknown> = {}): void => {
    const now = clock.now()
    if (now - (toldAt.get(trouble) ?? Number.NEGATIVE_INFINITY) < TELL_EVERY_MS) return
    toldAt.set(trouble, now)
    log.error({ client_crl: file, ...more }, trouble)
  }

  /** A file that is broken leaves the lists that are known in force, until they are too old themselves. */
  const refresh = (path: string): void => {
    const now = clock.now()
    if (now - lookedAt < LOOK_EVERY_MS) return
    lookedAt = now
    const seen = markOf(path)
    if (seen === mark) return
    const read = readRevocationLists(path, authorities)
    if ('found' in read) {
      tell('the revocation lists cannot be read', { found: read.found })
      return
    }
    lists = read
    mark = seen
  }

  /** Undefined when no list says anything of the certificate. */
  const isRevoked = (link: Link, issuer: Link): boolean | undefined => {
    const now = clock.now()
    const issuerKey = keyId(issuer.certificate.publicKey)
    const ofIssuer = lists.filter((list) => list.issuerKey === issuerKey && isAbout(list, link))
    const current = ofIssuer.filter(({ thisUpdate, nextUpdate }) => thisUpdate <= now && now < nextUpdate)
    if (current.length > 0) return current.some(({ revoked }) => revoked.has(link.fields.serialNumber))
    if (ofIssuer.length > 0) tell('the revocation list is out of date: certificates of its CA are refused')
    return ofIssuer.length > 0 ? undefined : false
  }

  /** An authority of the path without any list is let be, but for the one that has issued the leaf. */
  return (path: Path): CertificateProblem | undefined => {
    if (file === undefined) return undefined
    refresh(file)
    const leafIssuerKey = keyId((path[1] as Link).certificate.publicKey)
    if (!lists.some(({ issuerKey, covers }) => issuerKey === leafIssuerKey && covers !== 'authorities')) {
      tell('there is no revocation list of the CA that has issued a certificate: it is refused')
      return 'certificate_revocation_unknown'
    }
    const verdicts = path.slice(0, -1).map((link, index) => isRevoked(link, path[index + 1] as Link))
    if (verdicts.includes(true)) return 'certificate_revoked'
    return verdicts.includes(undefined) ? 'certificate_revocation_unknown' : undefined
  }
}
