/** What is wrong or worth a warning, gathered while the configuration is checked. */

/** Where in the file: table, key, and the index in a list. */
export type KeyPath = readonly (string | number)[]

const BARE_KEY = /^[A-Za-z0-9_-]{1,64}$/
const MAX_SHOWN = 120

/** In quotes, with escapes for all that would break the line or hide in it. */
export const quote = (text: string, maxLength: number): string =>
  JSON.stringify(text.slice(0, maxLength)).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  )

/** A key that needs quotes is shown with them. */
export const showKey = (key: string): string => (BARE_KEY.test(key) ? key : quote(key, 64))

const showPath = (path: KeyPath): string =>
  path.reduce<string>(
    (shown, part) => (typeof part === 'number' ? `${shown}[${part}]` : `${shown}${shown && '.'}${showKey(part)}`),
    '',
  )

/** Names of keys whose value must never be shown. */
const SECRET_KEYS = new Set([
  'connection_url',
  'url',
  'basic_auth_username',
  'basic_auth_password',
  'custom_auth_header',
  'encryption_key',
  'previous_encryption_key',
])

/** Looks like credentials, or like the content of a file where its path belongs, or would break the line. */
const isUnfitToShow = (text: string): boolean =>
  text.length > MAX_SHOWN || /[@\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|-----/u.test(text)

/** `written` is the file before anything was replaced: what is shown of it cannot hold a variable's value. */
export const createReport = (written: unknown) => {
  const problems: string[] = []
  const broken: string[] = []
  const warnings: string[] = []

  const writtenAt = (path: KeyPath): unknown =>
    path.reduce<unknown>(
      (value, part) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, part)
          ? (value as Record<string | number, unknown>)[part]
          : undefined,
      written,
    )

  return {
    problems: problems as readonly string[],
    warnings: warnings as readonly string[],

    problem(path: KeyPath, found: string, expected: string): void {
      broken.push(showPath(path))
      problems.push(`${showPath(path)}: found ${found}, expected ${expected}`)
    },

    warn(path: KeyPath, warning: string): void {
      warnings.push(`${showPath(path)}: ${warning}`)
    },

    /** Whether a problem is known of the key, or of something in it. */
    isBroken(path: KeyPath): boolean {
      const key = showPath(path)
      return broken.some((other) => other === key || other.startsWith(`${key}.`) || other.startsWith(`${key}[`))
    },

    /** The text as the file has it, in quotes, or its kind where it may be a secret. */
    show(path: KeyPath): string {
      const value = writtenAt(path)
      const isSecret = path.some((part) => SECRET_KEYS.has(String(part)))
      if (typeof value !== 'string' || isSecret || isUnfitToShow(value)) return this.kind(path)
      return value === '' ? 'an empty string' : JSON.stringify(value)
    },

    /** The same in parentheses behind other words; nothing where the text may be a secret. */
    aside(path: KeyPath): string {
      const shown = this.show(path)
      return shown.startsWith('"') ? ` (${shown})` : ''
    },

    /** What kind of value the file has, with the value only where it is a number or a boolean. */
    kind(path: KeyPath): string {
      const value = writtenAt(path)
      if (value === undefined) return 'nothing'
      if (typeof value === 'string') return value === '' ? 'an empty string' : 'a string'
      if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
      if (value instanceof Date) return 'a date'
      return Array.isArray(value) ? 'a list' : 'a table'
    },
  }
}

export type Report = ReturnType<typeof createReport>
