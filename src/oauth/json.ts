/** RFC 7515 §4 and RFC 7519 §4 – JSON of tokens that others made, in which a member may occur only once. */

/** In valid JSON, a name is the string before a colon. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g

/** Whether any object in the text names a member twice. The text has to be valid JSON. */
const repeatsMember = (text: string): boolean => {
  const open: Set<unknown>[] = []
  let last = ''
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') open.push(new Set())
    else if (token === '}' || token === ']') open.pop()
    else if (token === ':') {
      // Two spellings of one name, such as \u0061 and a, are the same member.
      const name: unknown = JSON.parse(last)
      if (open.at(-1)?.has(name)) return true
      open.at(-1)?.add(name)
    }
    last = token
  }
  return false
}

/** The object or array; undefined for anything else, and for one in which an object names a member twice. */
const parseStrict = (text: string): object | undefined => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  return typeof value === 'object' && value !== null && !repeatsMember(text) ? value : undefined
}

/** The object, or undefined for anything that is not one JSON object with each member once. */
export const parseStrictObject = (text: string): Record<string, unknown> | undefined => {
  const value = parseStrict(text)
  return Array.isArray(value) ? undefined : (value as Record<string, unknown> | undefined)
}

/** The array, or undefined for anything that is not one JSON array whose objects have each member once. */
export const parseStrictArray = (text: string): unknown[] | undefined => {
  const value = parseStrict(text)
  return Array.isArray(value) ? value : undefined
}
