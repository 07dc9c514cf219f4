/** RFC 6749 §3.1 and §3.2 – the parameters of one request: none repeated, empty ones as if omitted. */

/** RFC 8707 §2 and RFC 8693 §2.1 – the only parameters that may be repeated. */
export const REPEATABLE = new Set(['resource', 'audience'])

export type Parameters = {
  /** The value; undefined when absent or empty. The first value of one that may be repeated. */
  get(name: string): string | undefined
  /** Every value of a parameter that may be repeated. */
  all(name: string): readonly string[]
  has(name: string): boolean
  names(): string[]
}

/** From decoded pairs in which only REPEATABLE names occur more than once. */
export const toParameters = (pairs: Iterable<readonly [string, string]>): Parameters => {
  const values = new Map<string, string[]>()
  for (const [name, value] of pairs) {
    // RFC 6749 §3.1 – a parameter without a value is treated as omitted.
    if (value === '') continue
    const known = values.get(name)
    if (known) known.push(value)
    else values.set(name, [value])
  }
  return {
    get: (name) => values.get(name)?.[0],
    all: (name) => values.get(name) ?? [],
    has: (name) => values.has(name),
    names: () => [...values.keys()],
  }
}
