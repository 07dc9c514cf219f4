/** A realm with a store of its own, clients, a person and a clock that stands still: for tests of tokens below HTTP. */
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createClientCertificateAuthentication } from '../../src/authentication/client_certificate.ts'
import { type AuthenticateClient, createAuthenticateClient } from '../../src/client_auth/authenticate.ts'
import { createClientKeys } from '../../src/client_auth/client_keys.ts'
import type { ClientAuthRequest } from '../../src/client_auth/method.ts'
import type { OauthParams } from '../../src/config/schema.ts'
import { createExchange } from '../../src/grants/exchange.ts'
import { createDatabaseKeys } from '../../src/keys/database.ts'
import type { Client, ClientMetadata, PublicJwk } from '../../src/oauth/client_metadata.ts'
import type { Granted } from '../../src/oauth/granted.ts'
import { toParameters } from '../../src/oauth/parameters.ts'
import { createSignature, type SigningAlg } from '../../src/oauth/signing_algs.ts'
import type { Database } from '../../src/storage/database.ts'
import { migrate } from '../../src/storage/migrate.ts'
import { createRealmDirectory, type Realm } from '../../src/storage/realm_directory.ts'
import { createStore } from '../../src/storage/store.ts'
import type { User } from '../../src/storage/users.ts'
import { sha256 } from '../../src/system/hashing.ts'
import { createLog } from '../../src/system/log.ts'
import { systemRandom } from '../../src/system/random.ts'
import { createSubjects } from '../../src/tokens/subject.ts'
import { createFindAccessToken } from '../../src/tokens/verify.ts'
import { CODE_CHALLENGE, CODE_VERIFIER, metadataWith, REDIRECT_URI, settingsWith } from './authorization.ts'
import { createTestDatabase, silentLog } from './databases.ts'
import { limitsOfOneNode } from './limits.ts'

/** RFC 7518 §6.2 – the order of P-256: a signature with it is none. */
const ORDER = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')

export const ISSUER = 'https://sso.example'

/** 2026-01-01T00:00:00Z */
export const START = 1_767_225_600_000

export const ENCRYPTION_KEY = Buffer.alloc(32, 7).toString('base64url')

export const SECRET = 'a-secret-of-the-tests-that-nobody-else-knows'

export const oauthParams = (changes: Partial<OauthParams> = {}): OauthParams & { issuer: string } => ({
  issuer: ISSUER,
  default_realm: 'main',
  access_token_ttl_secs: 900,
  id_token_ttl_secs: 300,
  refresh_token_ttl_secs: 2_592_000,
  refresh_token_idle_secs: 604_800,
  code_ttl_secs: 60,
  par_ttl_secs: 60,
  default_signing_alg: 'ES256',
  ...changes,
})

export const userWith = (changes: Partial<User> = {}): User => ({
  realmId: 'main',
  id: 'the-sub-of-alice',
  username: 'alice',
  passwordHash: undefined,
  passwordChangedAt: undefined,
  changePassword: false,
  enabled: true,
  roles: ['clerk'],
  groups: [],
  claims: { name: 'Alice Adams', email: 'alice@example.com', email_verified: true },
  identities: [],
  certificate: undefined,
  createdAt: START,
  updatedAt: START,
  ...changes,
})

export const grantedWith = (changes: Partial<Granted> = {}): Granted => ({
  authorizationId: systemRandom.id(),
  userId: 'the-sub-of-alice',
  sessionId: 'session-1',
  scopes: ['openid', 'profile', 'offline_access'],
  redirectUri: REDIRECT_URI,
  nonce: 'n-1',
  codeChallenge: CODE_CHALLENGE,
  authTime: START / 1000 - 5,
  amr: ['pwd'],
  acr: undefined,
  ...changes,
})

const documents = new Map<string, unknown>()

/** What the world answers at this address, for clients with a jwks_uri. An Error is a failed fetch. */
export const publish = (url: string, document: unknown): void => void documents.set(url, document)

/** Everything that token requests need over one database. Time moves by `advance` alone. */
export const createTokenWorld = async (
  database: Database,
  params: Partial<OauthParams> = {},
  clientAuthorities = '',
) => {
  let now = START
  const clock = { now: () => now }
  const lines: string[] = []
  const fetched: string[] = []
  const log = createLog({ level: 'info', pretty: false }, { write: (line: string) => void lines.push(line) })
  const outbound = {
    getJson: async (url: string): Promise<unknown> => {
      fetched.push(url)
      const document = documents.get(url)
      if (document === undefined || document instanceof Error) throw document ?? new Error('nothing there')
      return document
    },
  }
  const store = createStore(database)
  const config = {
    oauth_params: oauthParams(params),
    signing_keys_params: { provider: 'database', rotation_interval_secs: 7_776_000, prepublish_secs: 86_400 } as const,
    secrets_params: { encryption_key: ENCRYPTION_KEY },
  }
  const realms = createRealmDirectory({ store, clock, issuer: ISSUER, defaultRealm: 'main' })
  for (const id of ['main', 'other']) {
    // Another node over the same database finds them there.
    if (!(await store.realms.find(id))) await store.realms.insert({ id, settings: settingsWith(), now })
  }
  const keys = createDatabaseKeys({ config, store, clock, random: systemRandom, log })
  const clientKeys = createClientKeys({ outbound, clock, log })
  const subjects = createSubjects({ clock, random: systemRandom })
  const limits = limitsOfOneNode(clock)
  const base = {
    config,
    store,
    clock,
    random: systemRandom,
    log,
    outbound,
    keys,
    clientKeys,
    subjects,
    realms,
    ...limits,
  }
  const clientCertificates = createClientCertificateAuthentication({
    config: { pem: { client_ca: clientAuthorities }, tls_params: {} },
    clock,
    log,
  })
  const authenticateClient: AuthenticateClient = createAuthenticateClient({
    ...base,
    clientCertificates,
  })

  const open = async (id = 'main'): Promise<Realm> => {
    const realm = await realms.open(id)
    if (!realm) throw new Error(`no realm ${id}`)
    return realm
  }

  return {
    ...base,
    authenticateClient,
    exchange: createExchange({ ...base, authenticateClient }),
    findAccessToken: createFindAccessToken(base),
    /** Log lines and fetched addresses so far. */
    lines,
    fetched,
    open,

    advance(ms: number): void {
      now += ms
    },

    /** As after a change of the administrator: everything cached of the realm is read again. */
    async change<T>(work: (realm: Realm) => Promise<T>, id = 'main'): Promise<T> {
      const result = await work(await open(id))
      await store.realms.bumpVersion(id)
      realms.forget(id)
      return result
    },

    async addClient(metadata: Partial<ClientMetadata> = {}, client: Partial<Client> = {}): Promise<Client> {
      const realmId = client.realmId ?? 'main'
      const made: Client = {
        realmId,
        clientId: 'app',
        secretHash: sha256(SECRET),
        enabled: true,
        metadata: metadataWith(metadata),
        createdAt: now,
        updatedAt: now,
        ...client,
      }
      await store.realm(realmId).clients.insert(made)
      return made
    },

    addUser: async (changes: Partial<User> = {}): Promise<User> => {
      const user = userWith(changes)
      await store.realm(user.realmId).users.insert(user)
      return user
    },

    /** A fresh code as /authorize makes it. */
    async addCode(granted: Granted = grantedWith(), clientId = 'app', realmId = 'main'): Promise<string> {
      const code = systemRandom.secret()
      const codes = store.realm(realmId).authorizationCodes
      const times = { createdAt: now, expiresAt: now + 60_000, purgeAfter: now + 3_600_000 }
      await codes.insert({ codeHash: sha256(code), clientId, granted, ...times })
      return code
    },

    auditTypes: async (realmId = 'main'): Promise<string[]> => {
      const page = await store.realm(realmId).audit.list({ limit: 500 })
      return page.items.map((event) => event.type).filter((type) => type !== 'signing_key.created')
    },
  }
}

export type TokenWorld = Awaited<ReturnType<typeof createTokenWorld>>

/** As `createTokenWorld`, over an empty SQLite file that is gone after the test. */
export const openTokenWorld = async (
  t: { after(work: () => Promise<void>): void },
  params: Partial<OauthParams> = {},
  clientAuthorities = '',
): Promise<TokenWorld> => {
  const made = await createTestDatabase('sqlite')
  t.after(() => made.drop())
  const database = made.connect()
  await migrate(database, 'primary', silentLog)
  return await createTokenWorld(database, params, clientAuthorities)
}

export const basicHeader = (clientId: string, secret: string): string =>
  `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`).toString('base64')}`

/** A request with these parameters by client_secret_basic as `app`, unless another header is given. */
export const tokenRequest = (
  parameters: Record<string, string>,
  changes: Partial<Omit<ClientAuthRequest, 'parameters'>> = {},
): ClientAuthRequest => ({
  parameters: toParameters(Object.entries(parameters)),
  authorization: basicHeader('app', SECRET),
  endpoint: `${ISSUER}/token`,
  ip: '192.0.2.1',
  requestId: 'request-1',
  ...changes,
})

export const codeRequest = (code: string, changes: Record<string, string> = {}): Record<string, string> => ({
  grant_type: 'authorization_code',
  code,
  redirect_uri: REDIRECT_URI,
  code_verifier: CODE_VERIFIER,
  ...changes,
})

export const refreshRequest = (refreshToken: string, changes: Record<string, string> = {}): Record<string, string> => ({
  grant_type: 'refresh_token',
  refresh_token: refreshToken,
  ...changes,
})

export const jsonPart = (token: string, index: 0 | 1): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString()) as Record<string, unknown>

export const encodePart = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

export const createKey = (alg: SigningAlg): { privateKey: KeyObject; publicKey: KeyObject } => {
  if (alg === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' })
  if (alg === 'EdDSA') return generateKeyPairSync('ed25519')
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}

export const publicJwkOf = (key: { publicKey: KeyObject }, members: Record<string, unknown> = {}): PublicJwk =>
  ({ ...key.publicKey.export({ format: 'jwk' }), ...members }) as PublicJwk

/** A JWS of any header and claims; text is taken as it is. */
export const signAny = (
  alg: SigningAlg,
  key: KeyObject,
  header: Record<string, unknown> | string,
  claims: Record<string, unknown> | string,
): string => {
  const input = `${encodePart(header)}.${encodePart(claims)}`
  return `${input}.${createSignature(alg, key)(input)}`
}

/** A JWS under a MAC, of any header and claims. */
export const macAny = (
  secret: string | Buffer,
  header: Record<string, unknown>,
  claims: Record<string, unknown> | string,
): string => {
  const input = `${encodePart(header)}.${encodePart(claims)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

/** Names of algorithms and headers that every reader of a JWT has to refuse, around claims that would be right. */
export const forgedJwts = (
  claims: Record<string, unknown>,
  header: Record<string, unknown>,
  key: { privateKey: KeyObject; publicKey: KeyObject },
): Map<string, string> => {
  const signed = (changes: Record<string, unknown>): string =>
    signAny('ES256', key.privateKey, { ...header, ...changes }, claims)
  const good = signed({})
  const [head = '', body = '', tail = ''] = good.split('.')
  const signature = Buffer.from(tail, 'base64url')
  const withTail = (octets: Buffer): string => `${head}.${body}.${octets.toString('base64url')}`
  const hmacHeader = encodePart({ ...header, alg: 'HS256' })
  const hmac = (secret: string | Buffer): string =>
    `${hmacHeader}.${body}.${createHmac('sha256', secret).update(`${hmacHeader}.${body}`).digest('base64url')}`
  const jwk = key.publicKey.export({ format: 'jwk' })
  const unsigned = [
    'none',
    'None',
    'NONE',
    'nOnE',
    '',
    ' none',
    'null',
    'ES256 ',
    'es256',
    'HS256',
    'ES512',
    'PBES2-HS256+A128KW',
  ]
  return new Map([
    ...unsigned.flatMap((alg): [string, string][] => [
      [`alg ${alg} without a signature`, `${encodePart({ ...header, alg })}.${body}.`],
      [`alg ${alg} with another signature`, `${encodePart({ ...header, alg })}.${body}.${tail}`],
      [`alg ${alg} in two parts`, `${encodePart({ ...header, alg })}.${body}`],
    ]),
    ['alg absent', `${encodePart({ ...header, alg: undefined })}.${body}.${tail}`],
    ['alg a list', `${encodePart({ ...header, alg: ['ES256'] })}.${body}.${tail}`],
    ['HMAC with the public key as PEM', hmac(key.publicKey.export({ type: 'spki', format: 'pem' }))],
    ['HMAC with the public key as DER', hmac(key.publicKey.export({ type: 'spki', format: 'der' }))],
    ['HMAC with the public key as JWK', hmac(JSON.stringify(jwk))],
    ['HMAC with nothing', hmac('')],
    ['an embedded jwk', signed({ jwk })],
    ['a jku', signed({ jku: 'https://evil.example/jwks.json' })],
    ['an x5u', signed({ x5u: 'https://evil.example/chain.pem' })],
    ['an x5c', signed({ x5c: ['MIIB'] })],
    ['an x5t', signed({ x5t: 'abc' })],
    ['an unknown crit', signed({ crit: ['exp'], exp: 1 })],
    ['an empty crit', signed({ crit: [] })],
    ['crit with a registered name', signed({ crit: ['alg'] })],
    ['b64 false', signed({ b64: false, crit: ['b64'] })],
    ['zip', signed({ zip: 'DEF' })],
    ['a kid that is a number', signed({ kid: 1 })],
    ['a kid that is an object', signed({ kid: { a: 1 } })],
    ['a typ that is a list', signed({ typ: ['JWT'] })],
    ['padding', `${good}=`],
    ['whitespace', `${good}\n`],
    ['a space in front', ` ${good}`],
    ['a fourth part', `${good}.${tail}`],
    ['five parts', `${head}.${body}.${tail}.${body}.${tail}`],
    ['JSON serialization', JSON.stringify({ protected: head, payload: body, signature: tail })],
    ['a detached payload', `${head}..${tail}`],
    ['the ordinary base64 alphabet', `${head}.${body}.${tail.replaceAll('-', '+').replaceAll('_', '/')}+`],
    ['slack bits', `${good.slice(0, -1)}${String.fromCharCode(good.charCodeAt(good.length - 1) + 1)}`],
    ['zeros as signature', withTail(Buffer.alloc(64))],
    ['ones as signature', withTail(Buffer.concat([Buffer.alloc(31), Buffer.of(1), Buffer.alloc(31), Buffer.of(1)]))],
    ['all bits set', withTail(Buffer.alloc(64, 0xff))],
    ['the order of the curve', withTail(Buffer.concat([ORDER, ORDER]))],
    ['a DER signature', withTail(sign('sha256', Buffer.from(`${head}.${body}`), key.privateKey))],
    ['a signature that is too long', withTail(Buffer.concat([signature, Buffer.alloc(1)]))],
    ['a signature that is too short', withTail(signature.subarray(0, 63))],
    ['a signature over something else', signed({}).replace(body, encodePart({ ...claims, changed: true }))],
    ['a second alg', signAny('ES256', key.privateKey, `{"alg":"ES256",${JSON.stringify(header).slice(1)}`, claims)],
    ['more than 16 KiB', signed({ padding: 'x'.repeat(16_384) })],
  ])
}
