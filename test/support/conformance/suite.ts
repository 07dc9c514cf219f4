/** A server as it is set up for the conformance suite of the OpenID Foundation: a person with every claim, and clients. */
import 'reflect-metadata'
import type { Browser } from '../client.ts'
import { type CertificateServer, startCertificateServer } from '../client_certificates.ts'
import type { Person, TestClient } from '../oauth.ts'
import { asClient, type Issued, issueClient } from '../pki.ts'
import type { TestServer } from '../server.ts'
import { type Combination, isAssertion, isDpop, isOpenid, isSigned, nameOf } from './combinations.ts'
import { createSigningKey, type SigningKey } from './keys.ts'

const CALLBACK = 'https://suite.example/test/a/alias/callback'

/** Of the second client: the redirect URI has a query of its own. */
export const REDIRECT_URIS = { one: CALLBACK, two: `${CALLBACK}?dummy1=lorem&dummy2=ipsum` }

/** OpenID Connect Core §5.1 – every standard claim that a person can have. */
export const CLAIMS = {
  name: 'Alice Adams',
  given_name: 'Alice',
  family_name: 'Adams',
  middle_name: 'B',
  nickname: 'Al',
  preferred_username: 'alice.adams',
  profile: 'https://alice.example/',
  picture: 'https://alice.example/me.png',
  website: 'https://alice.example/site',
  gender: 'female',
  birthdate: '1990-02-28',
  zoneinfo: 'Europe/Paris',
  locale: 'en-GB',
  email: 'alice@example.com',
  email_verified: true,
  phone_number: '+1 604 555 1234',
  phone_number_verified: true,
  address: { formatted: '1 Rue de Rivoli\n75001 Paris', locality: 'Paris', country: 'FR' },
}

export const OPENID_SCOPE = 'openid profile email address phone offline_access'

/** Of a resource of its own, for plain OAuth. */
export const RESOURCE_SCOPE = 'accounts'

export type Shown = { cert: string; key: string }

/** One of the two clients of a combination. */
export type Party = {
  registered: TestClient
  key: SigningKey
  certificate: Shown
  browser: Browser
}

export type Parties = { combination: Combination; one: Party; two: Party }

type Which = 'one' | 'two'

const profileOf = (combination: Combination): string =>
  isSigned(combination) ? 'fapi2_message_signing' : 'fapi2_security'

const certificateName = (which: Which): string => `${which}.suite.example`

/** What a client registers for the combination. */
const metadataFor = (combination: Combination, which: Which, key: SigningKey): Record<string, unknown> => ({
  client_name: `Client ${which}`,
  redirect_uris: [REDIRECT_URIS[which]],
  scope: isOpenid(combination) ? OPENID_SCOPE : RESOURCE_SCOPE,
  profile: profileOf(combination),
  require_pushed_authorization_requests: true,
  require_signed_request_object: isSigned(combination),
  id_token_signed_response_alg: 'PS256',
  authorization_signed_response_alg: 'PS256',
  jwks: { keys: [key.publicJwk] },
  ...(isAssertion(combination)
    ? { token_endpoint_auth_method: 'private_key_jwt' }
    : { token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_san_dns: certificateName(which) }),
  ...(isDpop(combination) ? { dpop_bound_access_tokens: true } : { tls_client_certificate_bound_access_tokens: true }),
})

/** RFC 8414 §2, as far as the suite's clients read it. */
export type Metadata = Record<string, unknown> & {
  issuer: string
  mtls_endpoint_aliases: Record<string, string>
}

export type Suite = {
  server: TestServer
  stage: CertificateServer
  metadata: Metadata
  person: Person
  /** For tokens of plain OAuth: a resource server that asks by introspection. */
  resourceServer: TestClient
  keys: Record<Which, SigningKey>
  certificates: Record<Which, Shown>
  /** Seconds. */
  now(): number
  /** Every clock, the server's and the suite's. */
  wait(seconds: number): void
  resetClock(): void
  /** The two clients of the combination, registered when they are first asked for. */
  parties(combination: Combination, metadata?: Record<string, unknown>): Promise<Parties>
  register(metadata: Record<string, unknown>): Promise<TestClient>
  close(): Promise<void>
}

export const openSuite = async (): Promise<Suite> => {
  let ahead = 0
  const stage = await startCertificateServer('own', { clock: { now: () => Date.now() + ahead } })
  const { server } = stage
  await server.admin.updateRealm('main', { scopes: [{ name: RESOURCE_SCOPE }, { name: 'introspect' }] })
  const person = await server.admin.createUser({ claims: CLAIMS })
  const resourceServer = await server.admin.createClient({
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    scope: 'introspect',
  })
  const metadata = (await server.request('GET', '/.well-known/oauth-authorization-server')).json<Metadata>()
  const keys = { one: createSigningKey('one'), two: createSigningKey('two') }
  const issued = async (which: Which): Promise<Shown> => {
    const leaf: Issued = await issueClient({ names: [{ type: 'dns', value: certificateName(which) }] }, stage.root)
    return asClient(leaf)
  }
  const certificates = { one: await issued('one'), two: await issued('two') }
  const known = new Map<string, Promise<Parties>>()

  const join = async (
    combination: Combination,
    which: Which,
    more: Record<string, unknown> | undefined,
  ): Promise<Party> => ({
    registered: await server.admin.createClient({ ...metadataFor(combination, which, keys[which]), ...more }),
    key: keys[which],
    certificate: certificates[which],
    browser: server.browser(),
  })

  const joinBoth = async (combination: Combination, more?: Record<string, unknown>): Promise<Parties> => ({
    combination,
    one: await join(combination, 'one', more),
    two: await join(combination, 'two', more),
  })

  return {
    server,
    stage,
    metadata,
    person,
    resourceServer,
    keys,
    certificates,
    now: () => Math.floor(server.deps.clock.now() / 1000),
    wait: (seconds) => {
      ahead += seconds * 1000
    },
    resetClock: () => {
      ahead = 0
    },
    parties: (combination, more) => {
      const made = known.get(nameOf(combination)) ?? joinBoth(combination, more)
      known.set(nameOf(combination), made)
      return made
    },
    register: (more) => server.admin.createClient(more),
    close: stage.close,
  }
}
