/** Back-Channel Logout §2.4 – a client that gets its ID tokens encrypted gets its logout tokens so. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { createEncryptionPair, type EncryptionPair, open, startPublisher } from '../../support/encryption.ts'
import { type LogoutReceiver, startLogoutReceiver } from '../../support/logout_receiver.ts'
import { until } from '../../support/patience.ts'
import { startServer, type TestServer } from '../../support/server.ts'

/** Ahead of the real clock by so many milliseconds. */
let ahead = 0
let server: TestServer
let receiver: LogoutReceiver
let pair: EncryptionPair

before(async () => {
  const config = { stale_session_collector_config: { cleanup_interval_seconds: 86_400 } }
  server = await startServer({ config, clock: { now: () => Date.now() + ahead } })
  receiver = await startLogoutReceiver()
  pair = createEncryptionPair('RSA', { kid: 'enc-1' })
})
after(async () => {
  await server?.close()
  await receiver?.close()
})

test('Back-Channel Logout §2.4 – without a key nothing is sent; once there is one, the token is encrypted and names its issuer', async () => {
  const publisher = await startPublisher({ keys: [pair.jwk] })
  try {
    const client = await server.admin.createClient({
      ...receiver.metadata,
      ...receiver.backchannel,
      id_token_encrypted_response_alg: 'RSA-OAEP-256',
      id_token_encrypted_response_enc: 'A256GCM',
      jwks_uri: publisher.url,
    })
    const person = await server.admin.createUser({ username: 'alice' })
    const browser = server.browser()
    const { id_token: jwe } = await server.oauth.obtainTokens(client, person, { browser })
    const { content: hint } = await open(jwe, pair)
    publisher.publish({ keys: [{ ...pair.jwk, use: 'sig' }] })
    ahead = 60_000
    await browser.request('GET', `/logout?${new URLSearchParams({ id_token_hint: hint })}`)
    await until('an attempt failed', () => server.logs.some((line) => line.includes('could not be told of a logout')))
    assert.equal(receiver.notices.length, 0)
    publisher.publish({ keys: [pair.jwk] })
    ahead = 180_000
    await until('the notice', () => receiver.notices.length > 0)
    const { header, content } = await open(receiver.notices[0]?.form.get('logout_token') ?? '', pair)
    assert.deepEqual([header.cty, header.iss, header.kid], ['JWT', server.issuer, 'enc-1'])
    const jwks = (await server.request('GET', '/jwks.json')).json<JSONWebKeySet>()
    const { protectedHeader } = await jwtVerify(content, createLocalJWKSet(jwks), {
      issuer: server.issuer,
      audience: client.client_id,
      currentDate: new Date(Date.now() + ahead),
    })
    assert.equal(protectedHeader.typ, 'logout+jwt')
  } finally {
    await publisher.close()
  }
})
