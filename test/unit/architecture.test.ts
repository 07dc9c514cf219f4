/** What the tree promises about itself: which room may know which, which packages it may use, and what only one room may do. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join, normalize } from 'node:path'
import { test } from 'node:test'

/** From the innermost tier to the outermost: a room imports from its own tier and the tiers before it. */
const TIERS = [
  ['system'],
  ['oauth'],
  ['config'],
  ['storage', 'migrations', 'audit', 'sessions', 'keys', 'limits'],
  ['proofs', 'tokens', 'client_auth', 'authentication'],
  ['grants', 'authorization', 'logout'],
  ['pages'],
  ['http'],
  ['endpoints'],
  ['dependencies.ts', 'server.ts', 'bootstrap.ts', 'reload.ts'],
  ['cli'],
  ['main.ts'],
]

/** Where a package may be used, as the beginnings of paths. One that is not named here may be used anywhere. */
const PACKAGES: Record<string, string[]> = {
  fastify: ['src/server.ts', 'src/http/', 'src/endpoints/'],
  '@fastify': ['src/server.ts', 'src/http/'],
  kysely: ['src/storage/', 'src/sessions/sql.ts', 'migrations/'],
  pg: ['src/storage/'],
  mysql2: ['src/storage/'],
  'better-sqlite3': ['src/storage/'],
  ioredis: ['src/sessions/redis', 'src/limits/redis'],
  'rate-limiter-flexible': ['src/limits/redis'],
  pino: ['src/system/', 'src/dependencies.ts'],
  'pino-pretty': ['src/system/'],
  'smol-toml': ['src/config/'],
  jose: ['src/tokens/encrypt.ts'],
  // The shapes of the administration API; those of what is registered are part of the vocabulary.
  zod: [
    'src/config/',
    'src/endpoints/',
    ...['attester', 'authorization_details', 'client', 'realm', 'resource', 'user'].map(
      (what) => `src/oauth/${what}_registration.ts`,
    ),
    'src/oauth/standard_claims.ts',
    'src/oauth/member_shapes.ts',
  ],
}

const root = join(import.meta.dirname, '../..')
const list = (pattern: string): string[] =>
  globSync(pattern, { cwd: root })
    .map((path) => path.replaceAll('\\', '/'))
    .sort()

const product = list('{src,migrations}/**/*.ts')
const everything = list('{src,migrations,test,bench,demo,.ci}/**/*.{ts,sh,lua}')

const textOf = (path: string): string => readFileSync(join(root, path), 'utf8')

/** Code without comments; strings stay, so that what looks like a comment inside one is not taken for it. */
const codeOf = (path: string): string =>
  textOf(path).replace(
    /('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (_match, text: string | undefined) => text ?? '',
  )

const importsOf = (path: string): string[] =>
  [...codeOf(path).matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) =>
    normalize(join(dirname(path), match[1] ?? '')),
  )

/** `src/storage/store.ts` is of the room `storage`, `src/server.ts` a room of its own. */
const roomOf = (path: string): string => {
  const parts = path.split('/')
  return (parts[0] === 'src' ? parts[1] : parts[0]) ?? path
}

const tierOf = (room: string): number => TIERS.findIndex((tier) => tier.includes(room))

/** Every line of the files whose code matches, as `path: what`. */
const findings = (paths: string[], pattern: RegExp): string[] =>
  paths.flatMap((path) => [...codeOf(path).matchAll(pattern)].map((match) => `${path}: ${match[0].trim()}`))

const outside = (...allowed: string[]): string[] =>
  product.filter((path) => !allowed.some((room) => path.startsWith(`src/${room}`)))

test('every file belongs to a known room', () => {
  assert.deepEqual(
    product.filter((path) => tierOf(roomOf(path)) < 0),
    [],
  )
})

test('no room imports from a room further out', () => {
  const wrong = product.flatMap((path) =>
    importsOf(path)
      .filter((target) => tierOf(roomOf(target)) > tierOf(roomOf(path)))
      .map((target) => `${path} imports ${target}`),
  )
  assert.deepEqual(wrong, [])
})

test('a package is used only where it belongs', () => {
  const wrong = Object.entries(PACKAGES).flatMap(([name, places]) => {
    const elsewhere = product.filter((path) => !places.some((place) => path.startsWith(place)))
    // Quoted in whatever way it is loaded: import, import(), createRequire.
    return findings(elsewhere, new RegExp(String.raw`(?:from|import|require\w*)\b[^'\n]*'${name}(?:/[^']*)?'`, 'g'))
  })
  assert.deepEqual(wrong, [])
})

test('no two rooms import each other, directly or in a ring', () => {
  const edges = new Map<string, Set<string>>()
  for (const path of product) {
    const room = roomOf(path)
    const known = edges.get(room) ?? new Set()
    for (const target of importsOf(path)) if (roomOf(target) !== room) known.add(roomOf(target))
    edges.set(room, known)
  }
  // Rooms that import nothing still standing are taken away until none is left, or a ring is.
  for (let before = -1; before !== edges.size; ) {
    before = edges.size
    for (const [room, targets] of edges) if (![...targets].some((target) => edges.has(target))) edges.delete(room)
  }
  assert.deepEqual(
    [...edges].map(([room, targets]) => `${room} -> ${[...targets].filter((target) => edges.has(target)).join(', ')}`),
    [],
  )
})

test('time comes from system/ alone', () => {
  assert.deepEqual(findings(outside('system/'), /\bDate\.now\b|\bnew Date\(\s*\)/g), [])
})

test('randomness comes from system/ alone', () => {
  assert.deepEqual(
    findings(
      outside('system/'),
      /\b(?:randomBytes|randomUUID|randomInt|randomFill\w*|getRandomValues|Math\.random)\b/g,
    ),
    [],
  )
})

test('T-IS-02 what a request says about its own address is read in one place', () => {
  assert.deepEqual(
    findings(outside('http/request_facts.ts'), /\b(?:request|req)\.(?:ips?|hostname|host|protocol|port)\b/g),
    [],
  )
})

test('T-IS-05 no name is looked up but those to listen at and to fetch from', () => {
  const files = findings(product, /\bnode:dns\b/g).map((finding) => finding.replace(/: .*/, ''))
  assert.deepEqual(files, ['src/http/addresses.ts', 'src/system/outbound.ts'])
})

test('no SQL is built from text', () => {
  assert.deepEqual(findings(product, /\bsql\.(?:raw|lit|id)\b|\bsql\.(?:ref|table)\([^')]/g), [])
})

test('T-CA-03 no secret is compared with an operator that stops at the first difference', () => {
  const named = String.raw`\b[\w.]*(?:[sS]ecret|[tT]oken|[hH]ash|[cC]srf|[vV]erifier|[pP]assword)\b`
  const value = String.raw`(?!undefined\b|null\b|true\b|false\b)[A-Za-z_][\w.]*`
  assert.deepEqual(findings(product, new RegExp(String.raw`(?<!typeof )${named}\s*[!=]==\s*${value}`, 'g')), [])
})

test('nothing is exported that nobody imports', () => {
  const texts = new Map(everything.map((path) => [path, codeOf(path)]))
  const mentions = (path: string, name: string): number =>
    texts.get(path)?.match(new RegExp(String.raw`\b${name}\b`, 'g'))?.length ?? 0
  const exported = product.flatMap((path) =>
    [...codeOf(path).matchAll(/^export (?:async )?(function\*?|const|class|type) (\w+)/gm)].map(
      ([, kind, name = '']) => ({ path, name, isType: kind === 'type' }),
    ),
  )
  // A type that its own file uses again is exported with the function whose shape it is part of.
  const dead = exported.filter(
    ({ path, name, isType }) =>
      !everything.some((other) => other !== path && mentions(other, name) > 0) && !(isType && mentions(path, name) > 1),
  )
  assert.deepEqual(
    dead.map(({ path, name }) => `${path}: ${name}`),
    [],
  )
})

test('no file has a name that says nothing', () => {
  const empty = /^(?:utils?|helpers?|common|types?|index|misc|shared|manager|service)$|_(?:utils?|helpers?)$/
  assert.deepEqual(
    everything.filter((path) => empty.test(basename(path).replace(/\..*$/, ''))),
    [],
  )
})

test('every file opens by saying what it is', () => {
  assert.deepEqual(
    list('{src,migrations,test/support,bench,demo}/**/*.ts').filter(
      (path) => !/^(?:#![^\n]*\n)?\/\*\*/.test(textOf(path)),
    ),
    [],
  )
})

test('nothing is left for later, and nothing names the machine it was written on', () => {
  const left = new RegExp(['TO', 'DO|FIX', 'ME|\\bXX', 'X\\b|/ro', 'ot/|/wo', 'rk/'].join(''), 'g')
  assert.deepEqual(
    everything.flatMap((path) => [...textOf(path).matchAll(left)].map((match) => `${path}: ${match[0]}`)),
    [],
  )
})

test('the lock file names packages and their hashes, and no place to fetch them from', () => {
  assert.doesNotMatch(textOf('package-lock.json'), /"resolved":/)
})

test('the lock file holds every package it names, so that `npm ci` takes it', () => {
  type Locked = { dependencies?: Record<string, string>; optionalDependencies?: Record<string, string> }
  const { packages } = JSON.parse(textOf('package-lock.json')) as { packages: Record<string, Locked> }
  const held = new Set(Object.keys(packages).map((path) => path.slice(path.lastIndexOf('node_modules/') + 13)))
  const named = Object.values(packages).flatMap((one) =>
    Object.keys({ ...one.dependencies, ...one.optionalDependencies }),
  )
  assert.deepEqual(
    named.filter((name) => !held.has(name)),
    [],
  )
})
