/** Bounds between keys, which the schema of one key cannot know. */
import type { Report } from './report.ts'
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

export const checkPolicy = (draft: Draft, report: Report): void => {
  checkPasswordHashing(draft.password_hashing_params ?? {}, report)
  checkRotation(draft.signing_keys_params ?? {}, report)
  // The administrators' realm must not answer at the root.
  if (draft.oauth_params?.default_realm === '_')
    report.problem(['oauth_params', 'default_realm'], '"_"', 'a realm other than that of the administrators')
}
