/** The only place that reads the environment: `${ENV_NAME}` in strings of the file, and the variables that stand alone. */
import type { KeyPath, Report } from './report.ts'
import type { Tree } from './toml.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export const processEnvironment = (): Environment => process.env

/** Asks for the stack of an error that nobody foresaw. */
export const isDebugging = (env: Environment): boolean => (env.AUTH_SERVER_DEBUG ?? '') !== ''

const REFERENCE = /\$\{([^}]*)(\}?)/g
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,255}$/
/** A string lies at most here: table, key, entry of a list. Nothing deeper is in the schema. */
const MAX_DEPTH = 3
const DATE = Symbol('date')

const fillText = (text: string, path: KeyPath, env: Environment, report: Report): string =>
  text.replace(REFERENCE, (_reference, name: string, end: string) => {
    // What stands in a malformed reference may be part of a password: it is not shown.
    if (end === '' || !VARIABLE.test(name)) {
      report.problem(path, `a "\${" without the name of a variable and a "}"`, `\${NAME}`)
      return ''
    }
    const value = env[name]
    if (value === undefined)
      report.problem(path, `\${${name}}, which is not set`, `the environment variable ${name} to be set`)
    return value ?? ''
  })

/** A copy with every `${ENV_NAME}` replaced, once: what a variable holds is not looked at again. */
export const fillFromEnvironment = (tree: Tree, env: Environment, report: Report): Tree => {
  const fill = (value: unknown, path: KeyPath): unknown => {
    if (typeof value === 'string') return fillText(value, path, env, report)
    if (path.length > MAX_DEPTH) return value
    // A date would pass for a table.
    if (value instanceof Date) return DATE
    if (Array.isArray(value)) return value.map((entry, index) => fill(entry, [...path, index]))
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, fill(entry, [...path, key])]))
    return value
  }
  return fill(tree, []) as Tree
}

const INITIAL_ADMINISTRATOR = ['APP_REALM_ADMIN_USERNAME', 'APP_REALM_ADMIN_INITIAL_PASSWORD'] as const

/** Takes what may be secret out of this process's own environment, once it was read: every variable that the file refers to. */
export const forgetVariables = (tree: Tree): void => {
  const forget = (value: unknown): void => {
    if (typeof value === 'string') for (const [, name = ''] of value.matchAll(REFERENCE)) delete process.env[name]
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(forget)
  }
  forget(tree)
  for (const name of INITIAL_ADMINISTRATOR) delete process.env[name]
}

/** The first administrator, from APP_REALM_ADMIN_USERNAME and APP_REALM_ADMIN_INITIAL_PASSWORD. An empty one counts as not set. */
export const readInitialAdministrator = (
  env: Environment,
  report: Report,
): { username: string; password: string } | undefined => {
  const [username, password] = INITIAL_ADMINISTRATOR.map((name) => env[name] ?? '') as [string, string]
  if (username !== '' && password !== '') return { username, password }
  const complain = (missing: string, present: string) =>
    report.problem([missing], 'nothing', `the environment variable to be set, because ${present} is`)
  if (username !== '') complain('APP_REALM_ADMIN_INITIAL_PASSWORD', 'APP_REALM_ADMIN_USERNAME')
  if (password !== '') complain('APP_REALM_ADMIN_USERNAME', 'APP_REALM_ADMIN_INITIAL_PASSWORD')
  return undefined
}
