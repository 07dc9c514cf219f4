/** The keys that secrets in the database are sealed with: their form, and that there is a current one. */
import type { Report } from './report.ts'
import type { Draft } from './shape.ts'

type SecretsDraft = NonNullable<Draft['secrets_params']>
type KeyName = 'encryption_key' | 'previous_encryption_key'

/** RFC 4648 §5 – of the last character only four bits are of the key, the others zero. */
const BASE64URL_OF_32_BYTES = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/

const EXPECTED = "32 bytes as base64url, 43 characters (openssl rand -base64 32 | tr '+/' '-_' | tr -d '=')"

const checkKey = (params: SecretsDraft, name: KeyName, report: Report): void => {
  const key = params[name]
  if (key === undefined || BASE64URL_OF_32_BYTES.test(key)) return
  const fileName = `${name}_file` as const
  const where = params[fileName] === undefined ? name : fileName
  report.problem(['secrets_params', where], 'a secret of another form', EXPECTED)
}

export const checkSecrets = (params: SecretsDraft, report: Report): void => {
  checkKey(params, 'encryption_key', report)
  checkKey(params, 'previous_encryption_key', report)
  const { encryption_key: current, previous_encryption_key: previous } = params
  const path = ['secrets_params', 'previous_encryption_key']
  const hasCurrent = current !== undefined || params.encryption_key_file !== undefined
  if (previous === undefined || report.isBroken(path)) return
  if (!hasCurrent) report.problem(path, 'a key without encryption_key', 'encryption_key too, which seals')
  // Both are the operator's own: whether they are equal is no secret to whoever wrote them.
  else if (previous === current) report.problem(path, 'the same key as encryption_key', 'the key before it')
}
