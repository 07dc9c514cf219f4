/** `x_file` beside a secret key `x`: the secret is the file's content, without white space around it. */
import { readText } from './files.ts'
import type { KeyPath, Report } from './report.ts'
import type { Tree } from './toml.ts'

const SECRETS: readonly KeyPath[] = [
  ['database_params', 'connection_url'],
  ['sessions_store_params', 'connection_url'],
  ['proxy_params', 'basic_auth_password'],
  ['proxy_params', 'custom_auth_header'],
  ['secrets_params', 'encryption_key'],
  ['secrets_params', 'previous_encryption_key'],
]

/** Group or others may read it. */
const isExposed = (mode: number): boolean => (mode & 0o044) !== 0

/** A key file that others can read is the operator's business in development and refused in production. */
export const checkExposure = (path: KeyPath, mode: number, isProduction: boolean, report: Report): void => {
  if (!isExposed(mode)) return
  if (isProduction) report.problem(path, 'a file that others can read', 'one that only its owner can read (mode 0600)')
  else report.warn(path, 'others than its owner can read the file (mode 0600 would prevent it)')
}

const isTable = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value)

const readSecret = (file: string, path: KeyPath, isProduction: boolean, report: Report): string | undefined => {
  const result = readText(file)
  if ('found' in result) {
    report.problem(path, `${result.found}${report.aside(path)}`, 'a file that holds the secret')
    return undefined
  }
  const secret = result.text.trim()
  if (secret === '') report.problem(path, 'an empty file', 'a file that holds the secret')
  checkExposure(path, result.mode, isProduction, report)
  return secret
}

/** A copy in which every secret of a file stands under its own key. */
export const readSecretFiles = (tree: Tree, report: Report): Tree => {
  const isProduction = isTable(tree.server_params) && tree.server_params.production === true
  const filled = { ...tree }
  for (const [table, key] of SECRETS as readonly [string, string][]) {
    const values = filled[table]
    if (!isTable(values)) continue
    const fileKey = `${key}_file`
    const file = values[fileKey]
    if (typeof file !== 'string' || file === '' || report.isBroken([table, fileKey])) continue
    if (Object.hasOwn(values, key)) report.problem([table, fileKey], `both it and ${key}`, 'only one of them')
    else {
      const secret = readSecret(file, [table, fileKey], isProduction, report)
      filled[table] = secret === undefined ? values : { ...values, [key]: secret }
    }
  }
  return filled
}
