import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { calculateJwkThumbprint, decodeProtectedHeader, exportJWK, jwtVerify } from 'jose'
import { createSessionJwt } from '../../../src/sessions/session_jwt.ts'
import { createManualClock, IDLE, SECOND, START, sampleSession } from '../../contract/sessions/samples.ts'

const pem = (): { session_jwt_private_key: string; session_jwt_public_key: string } => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return {
    session_jwt_private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    session_jwt_public_key: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
}

const realm = { id: 'my-realm', issuer: 'https://id.example/realms/my-realm' }
const user = { id: 'a-subject', roles: ['reader'] }

test('RFC 7515 §3.1 – an independent implementation verifies the session JWT and reads the same claims', async () => {
  const keys = pem()
  const clock = createManualClock(START + 30 * SECOND)
  const sessionJwt = createSessionJwt({ config: { pem: keys }, clock })
  const session = sampleSession({ realmId: realm.id, userId: user.id, authScheme: 'up+totp', amr: ['pwd', 'otp'] })
  const claims = sessionJwt.claims(realm, session, user)
  assert.deepEqual(claims, {
    iss: realm.issuer,
    sub: user.id,
    aud: realm.issuer,
    iat: Math.floor((START + 30 * SECOND) / SECOND),
    exp: Math.floor((START + IDLE * SECOND) / SECOND),
    sid: session.sessionId,
    realm: realm.id,
    auth_scheme: 'up+totp',
    amr: ['pwd', 'otp'],
    roles: ['reader'],
  })
  const key = createPublicKey(keys.session_jwt_public_key)
  for (let round = 0; round < 50; round += 1) {
    const { payload } = await jwtVerify(sessionJwt.issue(claims), key, {
      issuer: realm.issuer,
      audience: realm.issuer,
      algorithms: ['ES256'],
      typ: 'session+jwt',
      currentDate: new Date(clock.now()),
    })
    assert.deepEqual(payload, claims)
  }
})

test('RFC 8725 §3.11 – the type sets the session JWT apart, and the thumbprint names its key', async () => {
  const keys = pem()
  const sessionJwt = createSessionJwt({ config: { pem: keys }, clock: createManualClock() })
  const jwt = sessionJwt.issue(sessionJwt.claims(realm, sampleSession(), user))
  const jwk = await exportJWK(createPublicKey(keys.session_jwt_public_key))
  assert.deepEqual(decodeProtectedHeader(jwt), {
    alg: 'ES256',
    typ: 'session+jwt',
    kid: await calculateJwkThumbprint(jwk),
  })
  await assert.rejects(jwtVerify(jwt, createPublicKey(pem().session_jwt_public_key)))
})

test('what is signed never outlives the session, neither its idle nor its absolute time', () => {
  const sessionJwt = createSessionJwt({ config: { pem: pem() }, clock: createManualClock() })
  const expiresAt = START + 5 * SECOND
  const session = sampleSession({ idleExpiresAt: START + IDLE * SECOND, expiresAt })
  assert.equal(sessionJwt.claims(realm, session, user).exp, Math.floor(expiresAt / SECOND))
})
