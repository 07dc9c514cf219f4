/** RFC 8414 §2 – everything that the document names is called here, and what it does not name is refused. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { createEndpoints } from '../../../src/endpoints/registry.ts'
import { createAttester, createInstance } from '../../support/attestation.ts'
import { type Answer, errorCodeOf } from '../../support/client.ts'
import { createEncryptionPair, open } from '../../support/encryption.ts'
import { clientAuthentication, createPkce, type Person, type TestClient } from '../../support/oauth.ts'
import { REQUEST_OBJECT_TYPE, startRequestHost } from '../../support/request_host.ts'
import { ACCOUNTS, PAYMENT, TYPES } from '../../support/rich_authorization.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { createKey, macAny, publicJwkOf, signAny } from '../../support/tokens.ts'

type Metadata = Record<string, unknown>
type Alg = Parameters<typeof createKey>[0]
/** And that of client secrets. */
type AssertionAlg = Alg | 'HS256'

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

const CLAIMS = {
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
  address: { locality: 'Paris', country: 'FR' },
}

/** Grant types that other servers know, and this one does not. */
const OTHER_GRANTS = [
  'password',
  'implicit',
  'urn:ietf:params:oauth:grant-type:device_code',
  'urn:ietf:params:oauth:grant-type:token-exchange',
  'urn:ietf:params:oauth:grant-type:jwt-bearer',
  'urn:ietf:params:oauth:grant-type:saml2-bearer',
  'urn:openid:params:grant-type:ciba',
  'Authorization_Code',
  'constructor',
]

const OTHER_METHODS = ['attest_jwt_client_auth_dpop', 'spiffe_jwt', 'toString']

/** Addresses of specifications that are not here. */
const OTHER_PATHS = [
  '/device_authorization',
  '/device',
  '/bc-authorize',
  '/register',
  '/check_session',
  '/realms/main/register',
  '/.well-known/webfinger',
  '/.well-known/oauth-protected-resource',
  '/metrics',
  '/debug',
  '/admin',
  '/api',
  '/oauth2/token',
  '/.env',
]

let server: TestServer
let metadata: Metadata
let client: TestClient
let machine: TestClient
let alice: Person

before(async () => {
  server = await startServer()
  await server.admin.updateRealm('main', { scopes: [{ name: 'reports' }], authorization_details_types: TYPES })
  metadata = (await server.request('GET', '/.well-known/openid-configuration')).json()
  client = await server.admin.createClient({
    scope: list('scopes_supported').join(' '),
    authorization_details_types: list('authorization_details_types_supported'),
    consent: 'skip',
    post_logout_redirect_uris: ['https://client.example/signed-out'],
  })
  machine = await server.admin.createClient({
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    scope: 'reports',
  })
  alice = await server.admin.createUser({ claims: CLAIMS, roles: ['clerk'], groups: ['staff'] })
})
after(() => server.close())

const list = (name: string): string[] => {
  const value = metadata[name]
  assert.ok(Array.isArray(value), name)
  return value as string[]
}

const address = (name: string): string => {
  const value = metadata[name]
  assert.ok(typeof value === 'string' && value.startsWith(server.issuer), name)
  return value
}

const authorize = async (extra: Record<string, string>): Promise<URLSearchParams> => {
  const { challenge } = createPkce()
  const parameters = server.oauth.authorizationParameters(client, challenge, extra)
  const url = `${address('authorization_endpoint')}?${new URLSearchParams(parameters)}`
  const answer = await server.oauth.visit(server.browser(), client, url, alice)
  if ('parameters' in answer) return answer.parameters
  throw new Error(`no answer to the client: ${answer.status} ${answer.body}`)
}

describe('RFC 8414 §2 – what the document does not name is refused', () => {
  test('T-BF-14 T-LC-02 RFC 6749 §5.2 – other grant types, even with right credentials', async () => {
    for (const grantType of OTHER_GRANTS) {
      const answer = await server.oauth.token(client, { grant_type: grantType, username: 'alice', password: 'x' })
      assert.deepEqual([answer.status, answer.json().error], [400, 'unsupported_grant_type'], grantType)
      const registered = await server.admin.request('POST', '/admin/realm/main/client', {
        json: { redirect_uris: ['https://client.example/callback'], grant_types: [grantType] },
      })
      assert.ok([400, 422].includes(registered.status), `${grantType} ${registered.status}`)
    }
  })

  test('RFC 7591 §2 – other client authentication methods cannot be registered', async () => {
    for (const method of OTHER_METHODS) {
      const answer = await server.admin.request('POST', '/admin/realm/main/client', {
        json: { redirect_uris: ['https://client.example/callback'], token_endpoint_auth_method: method },
      })
      assert.ok([400, 422].includes(answer.status), `${method} ${answer.status}`)
    }
  })

  test('Multiple Response Types §2.1 and §3 – other response types and modes', async () => {
    for (const type of ['token', 'id_token', 'code id_token', 'code token', 'none', 'CODE', 'code code'])
      assert.equal((await authorize({ response_type: type })).get('error'), 'unsupported_response_type', type)
    for (const mode of ['web_message', 'QUERY', 'query.JWT', 'web_message.jwt'])
      assert.equal((await authorize({ response_mode: mode })).get('error'), 'invalid_request', mode)
  })

  test('Prompt Create §4.1 – other prompts, and other scopes', async () => {
    assert.equal((await authorize({ prompt: 'create' })).get('error'), 'invalid_request')
    assert.equal((await authorize({ scope: 'openid admin:everything' })).get('error'), 'invalid_scope')
  })

  test('OpenID Connect Core §7.2.1 – registration, at both endpoints', async () => {
    const registration = '{}'
    assert.equal((await authorize({ registration })).get('error'), 'registration_not_supported')
    const { headers } = clientAuthentication(client)
    const form = server.oauth.authorizationParameters(client, createPkce().challenge, { registration })
    const answer = await server.request('POST', '/par', { headers, form })
    assert.deepEqual([answer.status, answer.json().error], [400, 'registration_not_supported'])
  })

  test('OpenID Connect Core §6.2 – a request_uri that was not registered, and any where the document says so', async () => {
    assert.equal(metadata.require_request_uri_registration, true)
    const parameters = { client_id: client.client_id, request_uri: 'https://client.example/request' }
    const answer = await server.request(
      'GET',
      `${address('authorization_endpoint')}?${new URLSearchParams(parameters)}`,
    )
    assert.deepEqual([answer.status, errorCodeOf(answer.body)], [400, 'invalid_request_uri'])
    await server.admin.createRealm({ id: 'bank', profile: 'fapi2_security', auth_params: {} })
    const path = '/realms/bank/.well-known/openid-configuration'
    const other = (await server.request('GET', path)).json()
    assert.equal(other.request_uri_parameter_supported, false)
    assert.equal('require_request_uri_registration' in other, false)
  })

  test('RFC 9396 §5 – other types of authorization details', async () => {
    const authorization_details = JSON.stringify([{ type: 'openid_credential' }])
    assert.equal((await authorize({ authorization_details })).get('error'), 'invalid_authorization_details')
  })

  test('T-AD-15 T-LC-02 – addresses of what this server does not have', async () => {
    for (const path of OTHER_PATHS)
      for (const method of ['GET', 'POST']) {
        const answer = await server.request(method, path, method === 'POST' ? { form: {} } : {})
        assert.equal(answer.status, 404, `${method} ${path}`)
      }
  })
})

test('RFC 8414 §2 – every address of a realm that programs call is in the document, and it names none beside the URL table', () => {
  const deps = { ...server.deps, isPrepared: () => true, isDraining: () => false, isCertificateOver: () => false }
  const ofRealm = createEndpoints(deps).filter(({ at }) => at === 'realm')
  const addressOf = ({ path }: { path: string }): string => `${server.issuer}${path}`
  const named = Object.values(metadata).filter((value) => String(value).startsWith(`${server.issuer}/`))
  const table = ofRealm.map(addressOf)
  assert.deepEqual(
    named.filter((url) => !table.includes(String(url))),
    [],
  )
  // People come to a page by the one before it.
  const forPrograms = ofRealm.filter(({ errors, path }) => errors !== 'page' && !path.startsWith('/.well-known/'))
  assert.deepEqual(
    forPrograms.map(addressOf).filter((url) => !named.includes(url)),
    [],
  )
})

describe('RFC 8414 §2 – what the document names works', () => {
  const usedGrants = new Set<string>()

  const getTokens = async (form: Record<string, string>, by = client): Promise<Record<string, string>> => {
    const shown = clientAuthentication(by)
    const answer = await server.request('POST', address('token_endpoint'), { headers: shown.headers, form })
    assert.equal(answer.status, 200, answer.body)
    usedGrants.add(form.grant_type ?? '')
    return answer.json<Record<string, string>>()
  }

  test('every grant type, and the refresh tokens that it says it issues', async () => {
    const { verifier, challenge } = createPkce()
    const parameters = server.oauth.authorizationParameters(client, challenge)
    const code = await server.oauth.obtainCode(server.browser(), client, parameters, alice)
    const first = await getTokens({
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: parameters.redirect_uri ?? '',
    })
    await getTokens({ grant_type: 'refresh_token', refresh_token: first.refresh_token ?? '' })
    const own = await getTokens({ grant_type: 'client_credentials' }, machine)
    assert.equal('refresh_token' in own, false)
    assert.deepEqual([...usedGrants].sort(), list('grant_types_supported').sort())
  })

  /** A client of each method, and how it shows itself at an endpoint. */
  const clientOf = async (method: string, alg: AssertionAlg = 'ES256') => {
    const key = createKey(alg === 'HS256' ? 'ES256' : alg)
    const jwks = { keys: [publicJwkOf(key, { kid: 'k1', alg, use: 'sig' })] }
    const metadataOf: Record<string, Record<string, unknown>> = {
      private_key_jwt: { jwks, token_endpoint_auth_signing_alg: alg },
      client_secret_jwt: { token_endpoint_auth_signing_alg: 'HS256' },
    }
    const made = await server.admin.createClient({ token_endpoint_auth_method: method, ...metadataOf[method] })
    const sign = (claims: Record<string, unknown>): string =>
      method === 'client_secret_jwt' || alg === 'HS256'
        ? macAny(made.client_secret ?? '', { alg: 'HS256' }, claims)
        : signAny(alg, key.privateKey, { alg, kid: 'k1' }, claims)
    let count = 0
    return (path: string, form: Record<string, string>): Promise<Answer> => {
      if (!(method in metadataOf)) {
        const shown = clientAuthentication(made)
        return server.request('POST', path, { headers: shown.headers, form: { ...shown.form, ...form } })
      }
      count += 1
      const iat = Math.floor(Date.now() / 1000)
      const { client_id: id } = made
      const claims = { iss: id, sub: id, aud: server.issuer, jti: `${alg} ${count}`, iat, exp: iat + 60 }
      return server.request('POST', path, {
        form: { client_assertion_type: ASSERTION_TYPE, client_assertion: sign(claims), ...form },
      })
    }
  }

  const attestedClient = async (alg: Alg) => {
    const [attester, instance] = [createAttester('https://attester.example', alg), createInstance(alg)]
    const { client_id: id } = await server.admin.createClient({
      token_endpoint_auth_method: 'attest_jwt_client_auth',
      client_attesters: [attester.registered],
    })
    return (path: string, form: Record<string, string>): Promise<Answer> => {
      const now = Math.floor(Date.now() / 1000)
      const headers = {
        'oauth-client-attestation': attester.attest(id, instance, now),
        'oauth-client-attestation-pop': instance.prove(server.issuer, now),
      }
      return server.request('POST', path, { headers, form })
    }
  }

  /** The answer of that kind to a client that gets it encrypted. */
  const encryptedFor = async (by: TestClient, response: string): Promise<string> => {
    if (response === 'authorization') {
      const parameters = server.oauth.authorizationParameters(by, createPkce().challenge, { response_mode: 'jwt' })
      const url = `${address('authorization_endpoint')}?${new URLSearchParams(parameters)}`
      const answer = await server.oauth.visit(server.browser(), by, url, alice)
      assert.ok('parameters' in answer)
      return answer.parameters.get('response') ?? ''
    }
    const tokens = await server.oauth.obtainTokens(by, alice)
    if (response === 'id_token') return tokens.id_token
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    return (await server.request('GET', address('userinfo_endpoint'), { headers })).body
  }

  const request = () => ({
    response_type: 'code',
    redirect_uri: client.redirect_uris[0] ?? '',
    scope: 'openid',
    code_challenge: createPkce().challenge,
    code_challenge_method: 'S256',
  })

  test('every client authentication method at every endpoint, and no other there', async () => {
    for (const method of list('token_endpoint_auth_methods_supported')) {
      const send = await (method === 'attest_jwt_client_auth' ? attestedClient('ES256') : clientOf(method))
      const atToken = await send(address('token_endpoint'), { grant_type: 'refresh_token', refresh_token: 'none' })
      assert.equal(atToken.json().error, 'invalid_grant', method)
      assert.equal((await send(address('pushed_authorization_request_endpoint'), request())).status, 201, method)
      const revoked = await send(address('revocation_endpoint'), { token: 'none' })
      assert.equal(revoked.status === 200, list('revocation_endpoint_auth_methods_supported').includes(method), method)
      const asked = await send(address('introspection_endpoint'), { token: 'none' })
      assert.equal(asked.status === 200, list('introspection_endpoint_auth_methods_supported').includes(method), method)
    }
  })

  test('Attestation-Based Client Authentication §8 – every algorithm of attestations and of their proofs', async () => {
    const algs = list('client_attestation_signing_alg_values_supported') as Alg[]
    assert.deepEqual(list('client_attestation_pop_signing_alg_values_supported'), algs)
    for (const alg of algs) {
      const send = await attestedClient(alg)
      const answer = await send(address('token_endpoint'), { grant_type: 'refresh_token', refresh_token: 'none' })
      assert.equal(answer.json().error, 'invalid_grant', alg)
    }
  })

  test('every algorithm of client assertions, at every endpoint', async () => {
    for (const alg of list('token_endpoint_auth_signing_alg_values_supported') as AssertionAlg[]) {
      const send = await clientOf(alg === 'HS256' ? 'client_secret_jwt' : 'private_key_jwt', alg)
      const atToken = await send(address('token_endpoint'), { grant_type: 'refresh_token', refresh_token: 'none' })
      assert.equal(atToken.json().error, 'invalid_grant', alg)
      assert.equal((await send(address('pushed_authorization_request_endpoint'), request())).status, 201, alg)
      for (const endpoint of ['revocation', 'introspection']) {
        assert.ok(list(`${endpoint}_endpoint_auth_signing_alg_values_supported`).includes(alg))
        assert.equal((await send(address(`${endpoint}_endpoint`), { token: 'none' })).status, 200, alg)
      }
    }
  })

  test('every algorithm of ID tokens, with its key among the published ones', async () => {
    for (const alg of list('id_token_signing_alg_values_supported')) {
      const signed = await server.admin.createClient({ id_token_signed_response_alg: alg, consent: 'skip' })
      const tokens = await server.oauth.obtainTokens(signed, alice)
      const jwks = (await server.request('GET', address('jwks_uri'))).json<JSONWebKeySet>()
      const checks = { issuer: server.issuer, audience: signed.client_id, algorithms: [alg] }
      const { payload, protectedHeader } = await jwtVerify(tokens.id_token, createLocalJWKSet(jwks), checks)
      assert.equal(protectedHeader.alg, alg)
      assert.ok(jwks.keys.some(({ kid }) => kid === protectedHeader.kid))
      for (const name of Object.keys(payload)) assert.ok(list('claims_supported').includes(name), name)
    }
  })

  test('every algorithm of UserInfo answers', async () => {
    for (const alg of list('userinfo_signing_alg_values_supported')) {
      const signed = await server.admin.createClient({ userinfo_signed_response_alg: alg, consent: 'skip' })
      const { access_token: token } = await server.oauth.obtainTokens(signed, alice)
      const headers = { authorization: `Bearer ${token}` }
      const answer = await server.request('GET', address('userinfo_endpoint'), { headers })
      const jwks = (await server.request('GET', address('jwks_uri'))).json<JSONWebKeySet>()
      const checks = { issuer: server.issuer, audience: signed.client_id, algorithms: [alg] }
      await jwtVerify(answer.body, createLocalJWKSet(jwks), checks)
    }
  })

  test('every way of encrypting ID tokens, UserInfo answers and responses to requests', async () => {
    const pairs = [createEncryptionPair('RSA'), createEncryptionPair('P-256')]
    const jwks = { keys: pairs.map(({ jwk }) => jwk) }
    for (const response of ['id_token', 'userinfo', 'authorization'])
      for (const alg of list(`${response}_encryption_alg_values_supported`))
        for (const enc of list(`${response}_encryption_enc_values_supported`)) {
          const members = { [`${response}_encrypted_response_alg`]: alg, [`${response}_encrypted_response_enc`]: enc }
          const by = await server.admin.createClient({ ...members, jwks, consent: 'skip' })
          const pair = alg === 'RSA-OAEP-256' ? pairs[0] : pairs[1]
          assert.ok(pair)
          const { header } = await open(await encryptedFor(by, response), pair)
          assert.deepEqual([header.alg, header.enc], [alg, enc])
        }
  })

  test('every response mode, prompt and PKCE method', async () => {
    for (const mode of list('response_modes_supported'))
      assert.ok((await authorize({ response_mode: mode })).has(mode.endsWith('jwt') ? 'response' : 'code'), mode)
    for (const prompt of list('prompt_values_supported')) {
      const parameters = await authorize({ prompt })
      assert.equal(parameters.get('error'), prompt === 'none' ? 'login_required' : null, prompt)
    }
    for (const method of list('code_challenge_methods_supported'))
      assert.ok((await authorize({ code_challenge_method: method })).has('code'), method)
    for (const type of list('response_types_supported'))
      assert.ok((await authorize({ response_type: type })).has('code'), type)
  })

  test('RFC 9101 §5 – request objects of every algorithm, by value and by reference', async () => {
    assert.equal(metadata.request_parameter_supported, true)
    assert.equal(metadata.request_uri_parameter_supported, true)
    const host = await startRequestHost()
    for (const alg of list('request_object_signing_alg_values_supported') as Alg[]) {
      const key = createKey(alg)
      const made = await server.admin.createClient({
        consent: 'skip',
        request_object_signing_alg: alg,
        jwks: { keys: [publicJwkOf(key, { kid: 'k1', alg, use: 'sig' })] },
        request_uris: [`${host.origin}/request`],
      })
      const parameters = server.oauth.authorizationParameters(made, createPkce().challenge)
      const envelope = { iss: made.client_id, aud: server.issuer, exp: Math.floor(Date.now() / 1000) + 60 }
      const object = signAny(alg, key.privateKey, { alg, kid: 'k1' }, { ...parameters, ...envelope })
      host.hold(object, { 'content-type': REQUEST_OBJECT_TYPE })
      for (const way of ['request', 'request_uri']) {
        const value = way === 'request' ? object : `${host.origin}/request`
        const query = new URLSearchParams({ client_id: made.client_id, [way]: value })
        const url = `${address('authorization_endpoint')}?${query}`
        const answer = await server.oauth.visit(server.browser(), made, url, alice)
        assert.ok('parameters' in answer && answer.parameters.has('code'), `${alg} ${way}`)
      }
    }
    await host.close()
  })

  test('RFC 9396 §10 – every type of authorization details', async () => {
    const details = [PAYMENT, ACCOUNTS]
    assert.deepEqual(
      list('authorization_details_types_supported'),
      details.map(({ type }) => type),
    )
    const extra = { authorization_details: JSON.stringify(details) }
    const tokens = await server.oauth.obtainTokens(client, alice, { extra })
    assert.deepEqual((tokens as unknown as Record<string, unknown>).authorization_details, details)
  })

  test('OpenID Connect Core §5.4 – every scope and every claim, complete, and no claim that is not named', async () => {
    const scope = list('scopes_supported').join(' ')
    const tokens = await server.oauth.obtainTokens(client, alice, { extra: { scope, nonce: 'n' } })
    assert.equal(tokens.scope, scope)
    const authorization = `Bearer ${tokens.access_token}`
    const userinfo = await server.request('GET', address('userinfo_endpoint'), { headers: { authorization } })
    const { updated_at: updatedAt, sub, ...told } = userinfo.json()
    assert.deepEqual(told, { ...CLAIMS, roles: ['clerk'], groups: ['staff'] })
    const idToken = JSON.parse(Buffer.from(tokens.id_token.split('.')[1] ?? '', 'base64url').toString())
    assert.equal(idToken.sub, sub)
    const given = new Set([...Object.keys({ ...told, updated_at: updatedAt, sub }), ...Object.keys(idToken)])
    assert.deepEqual([...given].sort(), list('claims_supported').sort())
  })

  test('RFC 9207 §3 – iss in the response, and the end of the session', async () => {
    assert.equal(metadata.authorization_response_iss_parameter_supported, true)
    assert.equal((await authorize({})).get('iss'), metadata.issuer)
    const signedOut = await server.request('GET', address('end_session_endpoint'))
    assert.deepEqual([signedOut.status, signedOut.headers.location], [303, `${server.issuer}/signed-out`])
  })
})
