/** Bounds between keys, which the schema of one key cannot know. */
import type { KeyPath, Report } from './report.ts'
import type { Draft } from './shape.ts'

/** RFC 9106 §3.1 – Argon2 needs 8 KiB a lane. */
const KIB_PER_LANE = 8

const checkPasswordHashing = (params: NonNullable<Draft['password_hashing_params']>, report: Report): void => {
  const { memory_kib: memory, parallelism: lanes } = params
  if (memory === undefined || lanes === undefined || memory >= KIB_PER_LANE * lanes) return
  const expected = `at least ${KIB_PER_LANE * lanes}, because parallelism is ${lanes}`
  report.problem(['password_hashing_params', 'memory_kib'], String(memory), expected)
}

/** A key that is published for longer than it lives would never sign. */
const checkRotation = (params: NonNullable<Draft['signing_keys_params']>, report: Report): void => {
  const { rotation_interval_secs: rotation, prepublish_secs: prepublish } = params
  if (rotation === undefined || prepublish === undefined || prepublish < rotation) return
  const expected = `less than rotation_interval_secs, which is ${rotation}`
  report.problem(['signing_keys_params', 'prepublish_secs'], String(prepublish), expected)
}

const PREFIXES = ['', 'realm_', 'client_'] as const

/** How long a bucket may take to fill: longer, and it would have to be remembered for longer. */
const LONGEST_FILL_SECONDS = 600

type Rates = Omit<NonNullable<Draft['rate_limit_params']>, 'realms'>

const checkRates = (rates: Rates, path: KeyPath, report: Report): void => {
  for (const prefix of PREFIXES) {
    const perSecond = rates[`${prefix}requests_per_second`]
    const burst = rates[`${prefix}burst_size`]
    const burstPath = [...path, `${prefix}burst_size`]
    if (burst === undefined || report.isBroken([...path, `${prefix}requests_per_second`])) continue
    if (perSecond === undefined)
      report.problem(burstPath, String(burst), `none, because ${prefix}requests_per_second is not set beside it`)
    else if (burst > perSecond * LONGEST_FILL_SECONDS)
      report.problem(burstPath, String(burst), `at most ${LONGEST_FILL_SECONDS} times ${prefix}requests_per_second`)
  }
}

const checkRateLimits = (params: NonNullable<Draft['rate_limit_params']>, report: Report): void => {
  const { realms, ...general } = params
  checkRates(general, ['rate_limit_params'], report)
  for (const [id, rates] of Object.entries(realms ?? {})) checkRates(rates, ['rate_limit_params', 'realms', id], report)
}

export const checkPolicy = (draft: Draft, report: Report): void => {
  checkPasswordHashing(draft.password_hashing_params ?? {}, report)
  checkRotation(draft.signing_keys_params ?? {}, report)
  checkRateLimits(draft.rate_limit_params ?? {}, report)
  // The administrators' realm must not answer at the root.
  if (draft.oauth_params?.default_realm === '_')
    report.problem(['oauth_params', 'default_realm'], '"_"', 'a realm other than that of the administrators')
}
