/** What is taken of a client. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { clientCreationSchema, clientUpdateSchema } from '../../../src/oauth/client_registration.ts'

const redirect_uris = ['https://client.example/callback']
const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
const jwks = { keys: [jwk] }

/** Paths of what is wrong. */
const problems = (body: unknown): string[] => {
  const result = clientCreationSchema.safeParse(body)
  return result.success ? [] : [...new Set(result.error.issues.map((issue) => issue.path.join('.')))]
}

const refused: Record<string, [Record<string, unknown>, string]> = {
  'RFC 7591 §2 – a client for codes without a redirect URI': [{}, 'redirect_uris'],
  'T-RU-02 OAuth 2.1 §2.3.1 – a wildcard': [{ redirect_uris: ['https://*.client.example/'] }, 'redirect_uris.0'],
  'T-RU-06 a script as the second of two': [
    { redirect_uris: [...redirect_uris, 'JaVaScRiPt:alert(1)'] },
    'redirect_uris.1',
  ],
  'OAuth 2.1 §2.3.1 – a redirect URI twice': [{ redirect_uris: [...redirect_uris, ...redirect_uris] }, 'redirect_uris'],
  'RFC 8252 §7.1 – a private-use scheme of a web client': [
    { redirect_uris: ['com.example.app:/cb'] },
    'redirect_uris.0',
  ],
  'RFC 6749 §4.4 – client_credentials for a public client': [
    { grant_types: ['client_credentials'], token_endpoint_auth_method: 'none' },
    'grant_types',
  ],
  'OAuth 2.1 §7.5.2 – a public client without PKCE': [
    { redirect_uris, token_endpoint_auth_method: 'none', require_pkce: false },
    'require_pkce',
  ],
  'RFC 7591 §2.1 – response type code without the grant': [
    { grant_types: ['client_credentials'], response_types: ['code'] },
    'response_types',
  ],
  'RFC 7591 §2.1 – the grant without response type code': [{ redirect_uris, response_types: [] }, 'response_types'],
  'OAuth 2.1 §4.3 – refresh tokens without anything to refresh': [
    { grant_types: ['refresh_token', 'client_credentials'] },
    'grant_types',
  ],
  'RFC 7591 §2 – no grant type at all': [{ grant_types: [] }, 'grant_types'],
  'T-BF-14 OAuth 2.1 §10 – the password grant': [{ redirect_uris, grant_types: ['password'] }, 'grant_types.0'],
  'OAuth 2.1 §10 – the implicit grant': [{ redirect_uris, response_types: ['token'] }, 'response_types.0'],
  'RFC 7523 §3 – private_key_jwt without a key': [
    { redirect_uris, token_endpoint_auth_method: 'private_key_jwt' },
    'jwks',
  ],
  'RFC 7591 §2 – jwks and jwks_uri': [
    { redirect_uris, token_endpoint_auth_method: 'private_key_jwt', jwks, jwks_uri: 'https://client.example/jwks' },
    'jwks_uri',
  ],
  'RFC 8705 §2.1.2 – tls_client_auth without a subject': [
    { redirect_uris, token_endpoint_auth_method: 'tls_client_auth' },
    'tls_client_auth_subject_dn',
  ],
  'T-MT-02 RFC 8705 §2.1.2 – tls_client_auth with two subjects': [
    {
      redirect_uris,
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_subject_dn: 'CN=client',
      tls_client_auth_san_dns: 'client.example',
    },
    'tls_client_auth_subject_dn',
  ],
  'T-MT-02 RFC 8705 §2.1.2 – a subject with a wildcard': [
    { redirect_uris, token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_san_dns: '*.client.example' },
    'tls_client_auth_san_dns',
  ],
  'RFC 8705 §2.1.2 – a subject for another method': [
    { redirect_uris, tls_client_auth_san_dns: 'client.example' },
    'tls_client_auth_san_dns',
  ],
  'RFC 8705 §2.2.2 – self_signed_tls_client_auth without a key': [
    { redirect_uris, token_endpoint_auth_method: 'self_signed_tls_client_auth' },
    'jwks',
  ],
  'T-SS-01 a jwks_uri without TLS': [
    { redirect_uris, token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'http://client.example/jwks' },
    'jwks_uri',
  ],
  'T-JW-16 a short key': [
    {
      redirect_uris,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }] },
    },
    'jwks.keys.0',
  ],
  'T-JW-02 unsigned ID tokens': [
    { redirect_uris, id_token_signed_response_alg: 'none' },
    'id_token_signed_response_alg',
  ],
  'T-JW-08 ID tokens signed with the secret': [
    { redirect_uris, id_token_signed_response_alg: 'HS256' },
    'id_token_signed_response_alg',
  ],
  'RFC 6749 §3.3 – a scope with a quotation mark': [{ redirect_uris, scope: 'openid "x"' }, 'scope'],
  'T-IN-11 more than 64 scopes': [
    { redirect_uris, scope: Array.from({ length: 65 }, (_, index) => `s${index}`).join(' ') },
    'scope',
  ],
  'T-CS-10 a name that turns its neighbours around': [{ redirect_uris, client_name: 'App\u202e' }, 'client_name'],
  'T-XS-01 a logo that is a script': [{ redirect_uris, logo_uri: 'javascript:alert(1)' }, 'logo_uri'],
  'RFC 6749 §2.3.1 – a client_id with a colon': [{ redirect_uris, client_id: 'a:b' }, 'client_id'],
  'a client_id that vanishes from a path': [{ redirect_uris, client_id: '..' }, 'client_id'],
  'a client_id with a line break': [{ redirect_uris, client_id: 'abc\n' }, 'client_id'],
  'a client_id of 256 characters': [{ redirect_uris, client_id: 'x'.repeat(256) }, 'client_id'],
  'RFC 6749 §10.10 – a secret that could be guessed': [
    { redirect_uris, client_secret: 'a secret that somebody thought of' },
    'client_secret',
  ],
  'T-CA-05 a secret for a method without one': [
    { redirect_uris, token_endpoint_auth_method: 'none', client_secret: randomBytes(32).toString('hex') },
    'client_secret',
  ],
  'T-JW-08 RFC 7518 §3.2 – a secret of fewer than 256 bits for client_secret_jwt': [
    {
      redirect_uris,
      token_endpoint_auth_method: 'client_secret_jwt',
      client_secret: randomBytes(21).toString('hex'),
    },
    'client_secret',
  ],
  'T-JW-01 RFC 8725 §3.1 – client_secret_jwt with the algorithm of a key': [
    { redirect_uris, token_endpoint_auth_method: 'client_secret_jwt', token_endpoint_auth_signing_alg: 'ES256' },
    'token_endpoint_auth_signing_alg',
  ],
  'T-JW-01 RFC 8725 §3.1 – private_key_jwt with the algorithm of a secret': [
    { redirect_uris, token_endpoint_auth_method: 'private_key_jwt', jwks, token_endpoint_auth_signing_alg: 'HS256' },
    'token_endpoint_auth_signing_alg',
  ],
  'T-JW-08 RFC 7518 §3.2 – HS512, for which no secret here is long enough': [
    { redirect_uris, token_endpoint_auth_method: 'client_secret_jwt', token_endpoint_auth_signing_alg: 'HS512' },
    'token_endpoint_auth_signing_alg',
  ],
  'FAPI 2.0 §5.3.2.1 – client_secret_jwt with the profile': [
    {
      redirect_uris,
      token_endpoint_auth_method: 'client_secret_jwt',
      profile: 'fapi2_security',
      dpop_bound_access_tokens: true,
      require_pushed_authorization_requests: true,
    },
    'token_endpoint_auth_method',
  ],
  'Attestation-Based Client Authentication §9 – attesters for another method': [
    { redirect_uris, client_attesters: [{ issuer: 'https://attester.example', jwks }] },
    'client_attesters',
  ],
  'Attestation-Based Client Authentication §10.8 – an attester without keys': [
    {
      redirect_uris,
      token_endpoint_auth_method: 'attest_jwt_client_auth',
      client_attesters: [{ issuer: 'https://attester.example' }],
    },
    'client_attesters.0.jwks',
  ],
  'Attestation-Based Client Authentication §10.8 – an attester twice': [
    {
      redirect_uris,
      token_endpoint_auth_method: 'attest_jwt_client_auth',
      client_attesters: [
        { issuer: 'https://attester.example', jwks },
        { issuer: 'https://attester.example', jwks_uri: 'https://attester.example/jwks' },
      ],
    },
    'client_attesters',
  ],
  'T-SS-01 an attester whose jwks_uri has no TLS': [
    {
      redirect_uris,
      token_endpoint_auth_method: 'attest_jwt_client_auth',
      client_attesters: [{ issuer: 'https://attester.example', jwks_uri: 'http://attester.example/jwks' }],
    },
    'client_attesters.0.jwks_uri',
  ],
  'T-IN-07 a lifetime of minus one': [{ redirect_uris, access_token_ttl_secs: -1 }, 'access_token_ttl_secs'],
  'T-IN-07 a lifetime of 2^53': [{ redirect_uris, access_token_ttl_secs: 2 ** 53 }, 'access_token_ttl_secs'],
  'T-IN-07 a lifetime as text': [{ redirect_uris, access_token_ttl_secs: '60' }, 'access_token_ttl_secs'],
}

for (const [name, [body, path]] of Object.entries(refused))
  test(`${name} is refused`, () => {
    assert.deepEqual(problems(body), [path])
  })

test('RFC 7591 §2 and OpenID Connect Registration §2 – what is left out has its default, and the safe one', () => {
  assert.deepEqual(clientCreationSchema.parse({ redirect_uris }), {
    clientId: undefined,
    clientSecret: undefined,
    enabled: undefined,
    metadata: {
      application_type: 'web',
      redirect_uris,
      post_logout_redirect_uris: [],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      scope: 'openid profile email',
      token_endpoint_auth_method: 'client_secret_basic',
      id_token_signed_response_alg: 'RS256',
      subject_type: 'public',
      require_auth_time: false,
      require_pushed_authorization_requests: false,
      require_signed_request_object: false,
      authorization_signed_response_alg: 'ES256',
      require_pkce: true,
      dpop_bound_access_tokens: false,
      tls_client_certificate_bound_access_tokens: false,
      consent: 'required',
      profile: 'oauth2_1',
      allow_token_endpoint_audience: false,
    },
  })
})

test('RFC 7591 §2.1 – a client that acts for itself has no response types and no scopes about people', () => {
  const { metadata } = clientCreationSchema.parse({ grant_types: ['client_credentials'] })
  assert.deepEqual([metadata.response_types, metadata.scope, metadata.redirect_uris], [[], '', []])
})

test('RFC 8252 §7.1 and §7.3 – a native client may use a private-use scheme and a loopback address', () => {
  const uris = ['com.example.app:/callback', 'http://127.0.0.1/callback']
  const body = { application_type: 'native', token_endpoint_auth_method: 'none', redirect_uris: uris }
  assert.deepEqual(clientCreationSchema.parse(body).metadata.redirect_uris, uris)
})

test('RFC 7523 §3 – a client may authenticate with a key, here or at an address', () => {
  const body = { redirect_uris, token_endpoint_auth_method: 'private_key_jwt' }
  assert.deepEqual(clientCreationSchema.parse({ ...body, jwks }).metadata.jwks, jwks)
  assert.deepEqual(problems({ ...body, jwks_uri: 'https://client.example/jwks' }), [])
})

test('T-CA-12 the result of an update is checked as a new client is, and what it leaves out becomes safe again', () => {
  assert.equal(
    clientUpdateSchema.safeParse({ redirect_uris, token_endpoint_auth_method: 'none', require_pkce: false }).success,
    false,
  )
  const { enabled, metadata } = clientUpdateSchema.parse({ client_id: 'ignored', redirect_uris })
  assert.equal(enabled, undefined)
  assert.deepEqual([metadata.consent, metadata.require_pkce], ['required', true])
})

test('T-AD-05 an update cannot carry a secret or a hash', () => {
  for (const name of ['client_secret', 'secret_hash', 'realm_id', 'created_at'])
    assert.equal(clientUpdateSchema.safeParse({ redirect_uris, [name]: 'x' }).success, false)
})
