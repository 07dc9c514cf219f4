/**
 * One way in which a password hash can be made and written down: what a user may be moved in with. The bounds on the cost are
 * there because every login pays it: a hash that takes minutes or gigabytes would hold up all others.
 */

export type PasswordScheme = {
  /** How a hash of this scheme begins; no two schemes share a beginning. */
  prefixes: readonly string[]
  /** What is wrong with the form or the cost, fit for `password_hash: …`; undefined when it can be verified. */
  problem(phc: string): string | undefined
  /** Only for what has no problem. The password is in NFC and bounded. */
  verify(phc: string, password: string): Promise<boolean>
}

export const COST_PROBLEM = 'has a cost that is too low or too high'
