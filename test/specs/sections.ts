/**
 * Which section of which specification is kept where, and which test proves it.
 *
 * A tag is the name of a specification and a section: `RFC 6749 §4.1.2`, `OpenID Connect Core §3.1.2.1`, `RFC 6749 Appendix B`.
 * Further sections of the same one follow with `and` or a comma: `RFC 6749 §3.1 and §3.2`. Variants of a name count as one.
 *
 * In src and migrations a comment that begins with tags and goes on with ` – ` is a claim: this code is here because of that
 * section. Every claim needs a test whose name, or the name of a group around it, carries a tag of the same section or of one
 * below it. A tag in the middle of a sentence is a reference: it is listed, and needs no test.
 */
import { files, type Report, read, unique } from './tree.ts'

/** The name that is printed, and every way in which the tree may write it. */
const SPECIFICATIONS: readonly (readonly [string, string])[] = [
  ['RFC', String.raw`RFC ?\d+(?:bis)?`],
  ['OAuth 2.1', String.raw`OAuth 2\.1`],
  ['OpenID Connect Core', String.raw`(?:(?:OpenID Connect|OIDC) )?Core(?: 1\.0)?|OpenID Connect(?= §)`],
  ['OpenID Connect Discovery', String.raw`(?:(?:OpenID Connect|OIDC) )?Discovery(?: 1\.0)?`],
  [
    'OpenID Connect Registration',
    String.raw`(?:(?:OpenID Connect|OIDC) )?(?:Dynamic )?(?:Client )?Registration(?: 1\.0)?`,
  ],
  ['RP-Initiated Logout', String.raw`(?:(?:OpenID Connect|OIDC) )?RP-Initiated Logout(?: 1\.0)?`],
  ['Back-Channel Logout', String.raw`(?:(?:OpenID Connect|OIDC) )?Back-Channel Logout(?: 1\.0)?`],
  ['Front-Channel Logout', String.raw`(?:(?:OpenID Connect|OIDC) )?Front-Channel Logout(?: 1\.0)?`],
  ['Prompt Create', String.raw`(?:OpenID Connect )?Prompt Create(?: 1\.0)?`],
  ['Multiple Response Types', String.raw`(?:OAuth 2\.0 )?Multiple Response Types?`],
  ['Form Post Response Mode', String.raw`(?:OAuth 2\.0 )?Form Post Response Mode`],
  ['JARM', 'JARM'],
  ['Attestation-Based Client Authentication', 'Attestation-Based Client Authentication'],
  ['unmet_authentication_requirements', '(?:OpenID Connect Core Error Code )?unmet_authentication_requirements'],
  ['FAPI 2.0 Message Signing', String.raw`FAPI 2\.0 Message Signing`],
  ['FAPI 2.0', String.raw`FAPI 2\.0(?: Security Profile)?`],
  ['NIST SP 800-63B', '(?:NIST )?SP 800-63B'],
  ['CSP', 'CSP(?: Level 3)?'],
  ['Fetch Metadata', 'Fetch Metadata'],
  ['Fetch', 'Fetch'],
  ['HTML', 'HTML'],
]

const SECTION = String.raw`(?:§ ?|Appendix )[0-9A-Z]+(?:\.[0-9A-Za-z]+)*`
const NAME = SPECIFICATIONS.map(([, pattern]) => `(?:${pattern})`).join('|')
const TAGS = `(?:${NAME}),? ${SECTION}(?:(?:,| and|, and) ${SECTION})*`
const CLAIM = new RegExp(String.raw`^\s*(?:\/\/|\/\*\*|\*)\s*(?:${TAGS})(?:(?:,| and|;) (?:${TAGS}|RFC ?\d+))* – `)

type Tag = { specification: string; section: string }
type Place = Tag & { where: string; isClaim: boolean }

const canonicalName = (text: string): string => {
  const known = SPECIFICATIONS.find(([, pattern]) => new RegExp(`^(?:${pattern})$`).test(text))
  if (!known || known[0] === 'RFC') return text.replace(/^RFC ?/, 'RFC ')
  return known[0]
}

const tagsIn = (text: string): Tag[] =>
  [...text.matchAll(new RegExp(`(${NAME}),? (${SECTION}(?:(?:,| and|, and) ${SECTION})*)`, 'g'))].flatMap((match) =>
    [...(match[2] ?? '').matchAll(new RegExp(SECTION, 'g'))].map((section) => ({
      specification: canonicalName(match[1] ?? ''),
      section: section[0].replace(/^§ ?/, '').replace(/^Appendix /, ''),
    })),
  )

const isComment = (line: string): boolean => /^\s*(?:\/\/|\/\*|\*)|\s\/\/ |\/\*\*/.test(line)

const placesIn = (path: string): Place[] =>
  read(path)
    .split('\n')
    .flatMap((line, index) => {
      if (!isComment(line)) return []
      return tagsIn(line).map((tag) => ({ ...tag, where: `${path}:${index + 1}`, isClaim: CLAIM.test(line) }))
    })

/** A section sign that no known name stands before, on its own line or the one above: a tag that would go unseen. */
const strayIn = (path: string): string[] =>
  read(path)
    .split('\n')
    .flatMap((line, index, lines) => {
      const isNamed = new RegExp(TAGS).test(`${lines[index - 1] ?? ''} ${line}`)
      return line.includes('§') && !isNamed ? [`${path}:${index + 1}: ${line.trim()}`] : []
    })

/** Tags in strings of a test file: names of tests and of groups, and the tables that they are made from. */
const testedIn = (path: string): Place[] =>
  read(path)
    .split('\n')
    .filter((line) => !/^\s*(?:\/\/|\/\*|\*)/.test(line))
    .flatMap((line) => tagsIn(line).map((tag) => ({ ...tag, where: path, isClaim: false })))

const isProvenBy = (claim: Tag, test: Tag): boolean =>
  claim.specification === test.specification &&
  (claim.section === test.section || test.section.startsWith(`${claim.section}.`))

const keyOf = (tag: Tag): string => `${tag.specification} §${tag.section}`
const byKey = new Intl.Collator('en', { numeric: true }).compare

/** Incomplete where a claim lacks a test, or a section sign a name. */
export const reportSections = (): Report => {
  const sources = files('{src,migrations}/**/*.ts').flatMap(placesIn)
  const tests = files('test/**/*.test.ts').flatMap(testedIn)
  const stray = files('{src,migrations}/**/*.ts').flatMap(strayIn)
  const keys = unique([...sources, ...tests].map(keyOf)).sort(byKey)
  const claims = sources.filter((place) => place.isClaim)
  const unproven = claims.filter((place) => !tests.some((test) => isProvenBy(place, test)))
  const lacking = unique(unproven.map(keyOf)).length
  const proven = unique(claims.map(keyOf)).length - lacking

  const linesOf = (key: string): string[] => [
    key,
    ...sources
      .filter((place) => keyOf(place) === key)
      .map((place) => `    ${place.isClaim ? 'kept in' : 'named in'} ${place.where}`),
    ...unique(tests.filter((place) => keyOf(place) === key).map(({ where }) => `    proven by ${where}`)),
  ]

  return {
    lines: keys.flatMap(linesOf),
    summary: [
      `${keys.length} sections are named, ${proven} are kept and proven, ${lacking} lack a test.`,
      ...unproven.map((place) => `no test names ${keyOf(place)}, kept in ${place.where}`),
      ...stray.map((line) => `no known specification before the section sign: ${line}`),
    ],
    isComplete: unproven.length + stray.length === 0,
  }
}
