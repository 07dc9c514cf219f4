/** Provos and Mazières, A Future-Adaptable Password Scheme – bcrypt, as `$2a$`, `$2b$` and `$2y$`, which are computed alike. */
import type { PasswordScheme } from './scheme.ts'
import { COST_PROBLEM } from './scheme.ts'

const FORM = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/

const MIN_COST = 8
/** About a second of one core; each step more doubles it. */
const MAX_COST = 14

/** bcrypt looks at no more than this. */
const MAX_BYTES = 72

/**
 * T-BF-10 – what bcrypt cuts off would not count, and a password repeated behind a NUL is the same to it as the password
 * alone: such a password is nobody's.
 */
const isWhole = (password: string): boolean => Buffer.byteLength(password) <= MAX_BYTES && !password.includes('\0')

export const bcrypt: PasswordScheme = {
  prefixes: ['$2a$', '$2b$', '$2y$'],
  problem(phc) {
    const cost = Number(FORM.exec(phc)?.[1])
    if (Number.isNaN(cost)) return 'must be a bcrypt hash'
    return cost >= MIN_COST && cost <= MAX_COST ? undefined : COST_PROBLEM
  },
  async verify(phc, password) {
    // Loaded for the first hash of its kind: most servers never see one.
    const { verify } = await import('@node-rs/bcrypt')
    // T-BF-01 – computed in any case, so that the time does not tell which scheme the user's hash is of.
    const isRight = await verify(password, phc)
    return isRight && isWhole(password)
  },
}
