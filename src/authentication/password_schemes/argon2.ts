/** RFC 9106 – Argon2id, and Argon2i of older systems, as PHC strings of version 19. Argon2d is open to side channels: refused. */
import { verify } from '@node-rs/argon2'
import { COST_PROBLEM, type PasswordScheme } from './scheme.ts'

export type Argon2Cost = { memoryKib: number; iterations: number; parallelism: number }

const PHC =
  /^\$argon2(id|i)\$v=19\$m=([1-9]\d{0,6}),t=([1-9]\d{0,3}),p=([1-9]\d{0,2})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}$/

const MIN_MEMORY_KIB = 1_024
const MAX_MEMORY_KIB = 262_144
const MAX_PARALLELISM = 16
/** 1 GiB filled 4 times over: a few seconds of one core. */
const MAX_WORK_KIB = 4_194_304

type Parsed = Argon2Cost & { variant: string }

const parse = (phc: string): Parsed | undefined => {
  const [, variant, memoryKib, iterations, parallelism] = PHC.exec(phc) ?? []
  if (variant === undefined) return undefined
  return {
    variant,
    memoryKib: Number(memoryKib),
    iterations: Number(iterations),
    parallelism: Number(parallelism),
  }
}

/** The cost of an Argon2id hash; undefined for every other one. */
export const argon2idCost = (phc: string): Argon2Cost | undefined => {
  const parsed = parse(phc)
  return parsed?.variant === 'id' ? parsed : undefined
}

/** A cost that protects at all, and that a login can be made to pay. RFC 9106 §3.1 – at least 8 KiB a lane. */
const isSane = (cost: Argon2Cost): boolean =>
  cost.memoryKib >= Math.max(MIN_MEMORY_KIB, 8 * cost.parallelism) &&
  cost.memoryKib <= MAX_MEMORY_KIB &&
  cost.parallelism <= MAX_PARALLELISM &&
  cost.memoryKib * cost.iterations <= MAX_WORK_KIB

export const argon2: PasswordScheme = {
  prefixes: ['$argon2id$', '$argon2i$'],
  problem(phc) {
    const parsed = parse(phc)
    if (!parsed) return 'must be an Argon2 PHC string of version 19'
    return isSane(parsed) ? undefined : COST_PROBLEM
  },
  verify: (phc, password) => verify(phc, password),
}
