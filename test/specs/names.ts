/**
 * Which line of the security matrix, and which module of the conformance suite of the OpenID Foundation, which test names:
 * those of expected.json have to be named by one, in a string.
 */
import { files, type Report, read, unique } from './tree.ts'

type Expected = {
  /** How many lines each family has. */
  matrix: Record<string, number>
  /** By test plan. */
  modules: Record<string, string[]>
  /** Of both, what no test names yet. */
  open: string[]
}

const expected = JSON.parse(read('test/specs/expected.json')) as Expected

const isComment = (line: string): boolean => /^\s*(?:\/\/|\/\*|\*)/.test(line)

const NAME = /\b(?:T-[A-Z]{2}-\d{2}|(?:oidcc|fapi2)-[A-Za-z0-9_-]+)(?![A-Za-z0-9_-])/g

/** The files that name it, by the name. */
const named = new Map<string, string[]>()
for (const path of files('test/**/*.test.ts'))
  for (const line of read(path).split('\n')) {
    if (isComment(line)) continue
    for (const [name] of line.matchAll(NAME)) named.set(name, [...(named.get(name) ?? []), path])
  }

const linesOf = ([family, count]: [string, number]): string[] =>
  Array.from({ length: count }, (_, index) => `${family}-${String(index + 1).padStart(2, '0')}`)

const groups: [string, string[]][] = [
  ...Object.entries(expected.matrix).map((entry): [string, string[]] => [entry[0], linesOf(entry)]),
  ...Object.entries(expected.modules),
]

/** Incomplete where one lacks a test that is not known to. */
export const reportNames = (): Report => {
  const all = unique(groups.flatMap(([, names]) => names))
  const lacking = all.filter((name) => !named.has(name))
  const unknown = lacking.filter((name) => !expected.open.includes(name))
  const closed = expected.open.filter((name) => !lacking.includes(name))

  const linesOf = ([group, names]: [string, string[]]): string[] => [
    group,
    ...names.flatMap((name) => [
      `    ${name}`,
      ...unique(named.get(name) ?? []).map((path) => `        proven by ${path}`),
    ]),
  ]

  return {
    lines: groups.flatMap(linesOf),
    summary: [
      `${all.length} lines of the matrix and modules are expected, ${lacking.length} lack a test.`,
      ...lacking.map((name) => `no test names ${name}${unknown.includes(name) ? '' : ', as expected.json says'}`),
      ...closed.map((name) => `expected.json says that no test names ${name}, and one does`),
    ],
    isComplete: unknown.length === 0,
  }
}
