/** RFC 7523 §2.2 with OpenID Connect Core §9 – clients that sign with their secret, over the administration API and real TLS. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Answer } from '../../support/client.ts'
import type { TestClient } from '../../support/oauth.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { createKey, macAny, publicJwkOf } from '../../support/tokens.ts'

const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const MACHINE = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] }

const key = createKey('ES256')
const jwks = { keys: [publicJwkOf(key, { kid: 'k1', alg: 'ES256' })] }

let server: TestServer
let count = 0

before(async () => {
  server = await startServer()
})
after(() => server.close())

const register = (token_endpoint_auth_method: string, metadata: Record<string, unknown> = {}): Promise<TestClient> =>
  server.admin.createClient({ ...MACHINE, token_endpoint_auth_method, ...metadata })

const assertionOf = ({ client_id: id }: TestClient, secret: string | Buffer, alg = 'HS256'): string => {
  count += 1
  const iat = Math.floor(Date.now() / 1000)
  return macAny(secret, { alg }, { iss: id, sub: id, aud: server.issuer, jti: `jti-${count}`, iat, exp: iat + 60 })
}

const forToken = (assertion: string): Promise<Answer> =>
  server.request('POST', '/token', {
    form: { client_assertion_type: TYPE, client_assertion: assertion, grant_type: 'client_credentials' },
  })

const errorOf = async (asked: Promise<Answer>): Promise<unknown[]> => {
  const answer = await asked
  return [answer.status, answer.json().error]
}

describe('RFC 7523 §2.2 – an assertion under a secret', () => {
  const publicKeys = {
    PEM: key.publicKey.export({ type: 'spki', format: 'pem' }),
    DER: key.publicKey.export({ type: 'spki', format: 'der' }),
    JWK: JSON.stringify(jwks.keys[0]),
  }
  for (const [form, octets] of Object.entries(publicKeys))
    test(`T-JW-01 RFC 8725 §2.1 – that is the client's public key as ${form} is refused`, async () => {
      for (const method of ['private_key_jwt', 'client_secret_jwt']) {
        const client = await register(method, { jwks })
        assert.deepEqual(await errorOf(forToken(assertionOf(client, octets))), [401, 'invalid_client'])
      }
    })

  test('T-JW-08 OpenID Connect Core §9 – by another algorithm, another secret or a client that is unknown is refused', async () => {
    const client = await register('client_secret_jwt')
    const secret = client.client_secret ?? ''
    const refused = [
      assertionOf(client, secret, 'HS512'),
      assertionOf(client, secret, 'none'),
      assertionOf(client, `${secret}x`),
      assertionOf({ ...client, client_id: 'nobody' }, secret),
    ]
    for (const assertion of refused) assert.deepEqual(await errorOf(forToken(assertion)), [401, 'invalid_client'])
  })

  test('T-CA-02 OpenID Connect Core §9 – that is right is accepted once', async () => {
    const client = await register('client_secret_jwt', { token_endpoint_auth_signing_alg: 'HS256' })
    const assertion = assertionOf(client, client.client_secret ?? '')
    assert.equal((await forToken(assertion)).status, 200)
    assert.deepEqual(await errorOf(forToken(assertion)), [401, 'invalid_client'])
  })

  test('T-CA-05 RFC 7591 §3.2.1 – that was made anew replaces the one before', async () => {
    const client = await register('client_secret_jwt')
    const path = `/admin/realm/main/client/${client.client_id}`
    const rotated = (await server.admin.request('POST', `${path}/secret`)).json<TestClient>()
    const before = forToken(assertionOf(client, client.client_secret ?? ''))
    assert.deepEqual(await errorOf(before), [401, 'invalid_client'])
    assert.equal((await forToken(assertionOf(client, rotated.client_secret ?? ''))).status, 200)
  })
})

test('T-JW-08 – without secrets_params.encryption_key the method is neither offered nor to be had', async (t) => {
  const other = await startServer({ config: { secrets_params: { encryption_key: undefined } } })
  t.after(() => other.close())
  const metadata = (await other.request('GET', '/.well-known/openid-configuration')).json<Record<string, string[]>>()
  assert.equal(metadata.token_endpoint_auth_methods_supported?.includes('client_secret_jwt'), false)
  assert.equal(metadata.token_endpoint_auth_signing_alg_values_supported?.includes('HS256'), false)
  const json = { ...MACHINE, token_endpoint_auth_method: 'client_secret_jwt' }
  const answer = await other.admin.request('POST', '/admin/realm/main/client', { json })
  assert.deepEqual([answer.status, answer.json().error], [422, 'unprocessable'])
})
