/** RFC 9106 – the PHC string in which an Argon2id hash is kept and moved in: its form and its cost. */

export type Argon2Cost = { memoryKib: number; iterations: number; parallelism: number }

const PHC =
  /^\$argon2id\$v=19\$m=([1-9]\d{0,6}),t=([1-9]\d{0,3}),p=([1-9]\d{0,2})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}$/

const MAX_LENGTH = 256

const MIN_MEMORY_KIB = 1_024
const MAX_MEMORY_KIB = 262_144
const MAX_PARALLELISM = 16
/** 1 GiB filled 4 times over: a few seconds of one core. */
const MAX_WORK_KIB = 4_194_304

/** Undefined when it is not an Argon2id PHC string of version 19. */
export const parseArgon2Phc = (phc: string): Argon2Cost | undefined => {
  const match = phc.length <= MAX_LENGTH ? PHC.exec(phc) : null
  return match
    ? { memoryKib: Number(match[1]), iterations: Number(match[2]), parallelism: Number(match[3]) }
    : undefined
}

/** A cost that protects at all, and that a login can be made to pay. RFC 9106 §3.1 – at least 8 KiB a lane. */
export const isSaneCost = (cost: Argon2Cost): boolean =>
  cost.memoryKib >= Math.max(MIN_MEMORY_KIB, 8 * cost.parallelism) &&
  cost.memoryKib <= MAX_MEMORY_KIB &&
  cost.parallelism <= MAX_PARALLELISM &&
  cost.memoryKib * cost.iterations <= MAX_WORK_KIB
