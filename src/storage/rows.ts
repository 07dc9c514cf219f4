/** Between rows and domain objects: the small conversions that every repository needs. */

export const toFlag = (value: boolean): 0 | 1 => (value ? 1 : 0)

export const fromFlag = (value: number): boolean => value === 1

/** JSON written by this server alone; its shape was checked when it came in. */
export const parseJson = <T>(text: string): T => JSON.parse(text) as T

/** Exactly one row: the caller that gets `true` is the only one. */
export const isOne = (rows: bigint): boolean => rows === 1n

/** One page of a list and the key after which the next begins. */
export type Page<T> = { items: T[]; next: string | undefined }

/** Cuts a list that was read one row longer than the page. */
export const toPage = <T>(rows: T[], limit: number, keyOf: (row: T) => string): Page<T> => {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items, next: rows.length > limit && last !== undefined ? keyOf(last) : undefined }
}
