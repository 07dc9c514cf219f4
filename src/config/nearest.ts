/** Which known name a mistyped one was meant to be. */

/** Letters to insert, delete, replace or swap with their neighbour (optimal string alignment). */
const distance = (left: string, right: string): number => {
  let beforeLast: number[] = []
  let last = Array.from({ length: right.length + 1 }, (_, column) => column)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const isSame = left[row - 1] === right[column - 1]
      const isSwapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (beforeLast[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    beforeLast = last
    last = current
  }
  return last[right.length] ?? 0
}

const MAX_LENGTH = 64

/** Undefined when nothing is near enough to be what was meant. */
export const nearest = (name: string, known: readonly string[]): string | undefined => {
  if (name.length > MAX_LENGTH) return undefined
  const lower = name.toLowerCase()
  const tolerance = Math.max(2, Math.floor(name.length / 3))
  return known
    .map((candidate) => ({ candidate, cost: distance(lower, candidate.toLowerCase()) }))
    .filter(({ cost, candidate }) => cost <= Math.min(tolerance, candidate.length - 1))
    .sort((a, b) => a.cost - b.cost)[0]?.candidate
}
