/** RFC 5280 §4.1.2.5 – how long the server's certificate is still good for, told in time and once for each threshold. */
import { X509Certificate } from 'node:crypto'
import type { Clock, Milliseconds } from '../system/clock.ts'
import type { Log } from '../system/log.ts'

const DAY_MS = 86_400_000
const TELL_AT_DAYS = [30, 7, 1, 0] as const
/** A certificate can be over within its first minutes, and nobody should have to wait for an hour to hear of it. */
const LOOK_EVERY_MS = 30_000

/** The leaf stands first, and is what clients refuse first. */
const endOf = (chain: string): Milliseconds => Date.parse(new X509Certificate(chain).validTo)

export const createCertificateLife = (chain: string, { clock, log }: { clock: Clock; log: Log }) => {
  let notAfter = endOf(chain)
  let told: number | undefined

  const look = (): void => {
    const daysLeft = (notAfter - clock.now()) / DAY_MS
    const threshold = TELL_AT_DAYS.findLast((days) => daysLeft <= days)
    if (threshold === undefined || threshold === told) return
    told = threshold
    const facts = { expires_at: new Date(notAfter).toISOString(), days_left: Math.max(0, Math.floor(daysLeft)) }
    if (threshold === 0) log.error(facts, 'the certificate of this server has expired: clients refuse it')
    else log.warn(facts, 'the certificate of this server expires soon')
  }

  look()
  const timer = setInterval(look, LOOK_EVERY_MS)
  timer.unref()

  return {
    isOver(): boolean {
      look()
      return notAfter <= clock.now()
    },

    /** Another chain, PEM, is served from now on. */
    renew(other: string): void {
      notAfter = endOf(other)
      told = undefined
      look()
    },

    stop: () => clearInterval(timer),
  }
}
