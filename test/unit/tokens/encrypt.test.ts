/** RFC 7516 – encryption to a client's own key; jose, which did not choose the key, is the judge. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createClientKeys } from '../../../src/client_auth/client_keys.ts'
import type { ClientMetadata, PublicJwk } from '../../../src/oauth/client_metadata.ts'
import { ENCRYPTION_ALGS, ENCRYPTION_ENCS } from '../../../src/oauth/encryption_algs.ts'
import { createEncrypt } from '../../../src/tokens/encrypt.ts'
import { clientWith } from '../../support/authorization.ts'
import { silentLog } from '../../support/databases.ts'
import { createEncryptionPair, kindsFor, open } from '../../support/encryption.ts'
import { START } from '../../support/tokens.ts'

const CONTENT = 'aaa.bbb.ccc'
const URI = 'https://client.example/jwks'

const createWorld = () => {
  let now = START
  let published: unknown
  const fetched: string[] = []
  const outbound = {
    getJson: async (url: string): Promise<unknown> => {
      fetched.push(url)
      if (published === undefined) throw new Error('nothing there')
      return published
    },
  }
  const clientKeys = createClientKeys({ outbound, clock: { now: () => now }, log: silentLog })
  return {
    fetched,
    encrypt: createEncrypt({ clientKeys }),
    publish: (keys: unknown[] | undefined): void => {
      published = keys && { keys }
    },
    advance: (ms: number): void => {
      now += ms
    },
  }
}

const registeredFor = (alg: ClientMetadata['id_token_encrypted_response_alg'], keys: PublicJwk[] | undefined) =>
  clientWith({
    id_token_encrypted_response_alg: alg,
    id_token_encrypted_response_enc: 'A256GCM',
    ...(keys ? { jwks: { keys } } : { jwks_uri: URI }),
  })

const rsa = createEncryptionPair('RSA', { kid: 'rsa' })
const ec = createEncryptionPair('P-256', { kid: 'ec' })

/** RFC 7748 §6.1 – a point of small order: whoever agrees on a key with it agrees on nothing secret. */
const NO_SECRET: PublicJwk = { kty: 'OKP', crv: 'X25519', use: 'enc', x: Buffer.alloc(32).toString('base64url') }

describe('RFC 7516 §5.1 and §7.1 – without a key that fits nothing leaves, in the clear least of all', () => {
  const unusable: [string, PublicJwk[]][] = [
    ['no key at all', []],
    ['a key of another type', [ec.jwk]],
    ['RFC 7517 §4.2 – a key for signatures', [{ ...rsa.jwk, use: 'sig' }]],
    ['RFC 7517 §4.3 – a key for other operations', [{ ...rsa.jwk, use: undefined, key_ops: ['verify'] } as PublicJwk]],
    ['RFC 8725 §3.1 – a key for another algorithm', [{ ...rsa.jwk, alg: 'RSA-OAEP' }]],
    ['RFC 8725 §3.1 – a key that signs by its algorithm', [{ ...rsa.jwk, use: undefined, alg: 'RS256' } as PublicJwk]],
    ['T-JW-16 – a modulus that is too short', [{ kty: 'RSA', use: 'enc', n: 'AQAB', e: 'AQAB' }]],
    ['T-JW-17 – a key behind twenty others', [...Array<PublicJwk>(20).fill(ec.jwk), rsa.jwk]],
  ]
  for (const [what, keys] of unusable) {
    test(what, async () => {
      const client = registeredFor('RSA-OAEP-256', keys)
      await assert.rejects(async () => createWorld().encrypt(client, 'id_token', CONTENT), { code: 'invalid_request' })
    })
  }

  test('RFC 7748 §6.1 – a key on X25519 that yields no secret', async () => {
    const client = registeredFor('ECDH-ES', [NO_SECRET])
    await assert.rejects(async () => createWorld().encrypt(client, 'id_token', CONTENT), { code: 'invalid_request' })
  })

  test('a registration from elsewhere that names no content encryption', async () => {
    const client = clientWith({ id_token_encrypted_response_alg: 'RSA-OAEP-256', jwks: { keys: [rsa.jwk] } })
    await assert.rejects(async () => createWorld().encrypt(client, 'id_token', CONTENT), { code: 'invalid_request' })
  })

  test('a key set that cannot be fetched', async () => {
    const client = registeredFor('RSA-OAEP-256', undefined)
    await assert.rejects(async () => createWorld().encrypt(client, 'id_token', CONTENT), { code: 'invalid_request' })
  })
})

test('OpenID Connect Registration §2 – an answer that the client is not registered to get encrypted is left as it is', () => {
  const client = registeredFor('RSA-OAEP-256', [rsa.jwk])
  assert.equal(createWorld().encrypt(client, 'userinfo', CONTENT), CONTENT)
})

for (const alg of ENCRYPTION_ALGS) {
  for (const kind of kindsFor(alg)) {
    test(`RFC 7518 §4.1, §4.3, §4.6, §5.1, RFC 8037 §3.2 – ${alg} to a key of ${kind}, with every content encryption`, async () => {
      const pair = createEncryptionPair(kind, { kid: 'one', alg })
      for (const enc of ENCRYPTION_ENCS) {
        const client = clientWith({
          authorization_encrypted_response_alg: alg,
          authorization_encrypted_response_enc: enc,
          jwks: { keys: [pair.jwk] },
        })
        const { header, content } = await open(await createWorld().encrypt(client, 'authorization', CONTENT), pair)
        assert.equal(content, CONTENT)
        // RFC 7519 §5.2 – upper case; RFC 7516 §4.1.3 – never compressed.
        const { epk, ...rest } = header
        assert.deepEqual(rest, { alg, enc, cty: 'JWT', kid: 'one' })
        assert.equal(epk === undefined, alg === 'RSA-OAEP-256')
      }
    })
  }
}

describe('OpenID Connect Core §10.2 and RFC 7519 §5.2 – which key of several', () => {
  test('one that says it is for encryption rather than one that says nothing', async () => {
    const silent = createEncryptionPair('RSA', { kid: 'silent', use: undefined })
    const client = registeredFor('RSA-OAEP-256', [{ ...ec.jwk }, silent.jwk, rsa.jwk])
    const { header } = await open(await createWorld().encrypt(client, 'id_token', CONTENT), rsa)
    assert.equal(header.kid, 'rsa')
    const only = registeredFor('RSA-OAEP-256', [{ ...rsa.jwk, use: 'sig' }, silent.jwk])
    assert.equal((await open(await createWorld().encrypt(only, 'id_token', CONTENT), silent)).header.kid, 'silent')
  })

  test('a key without a name: the header names none', async () => {
    const nameless = createEncryptionPair('RSA')
    const client = registeredFor('RSA-OAEP-256', [nameless.jwk])
    const { header } = await open(await createWorld().encrypt(client, 'id_token', CONTENT), nameless)
    assert.equal('kid' in header, false)
  })

  test('OpenID Connect Core §10.2.1 – after a change of keys the new one, within a minute; the old one while nothing is to be had', async () => {
    const world = createWorld()
    const client = registeredFor('RSA-OAEP-256', undefined)
    const next = createEncryptionPair('RSA', { kid: 'next' })
    world.publish([rsa.jwk])
    await open(await world.encrypt(client, 'id_token', CONTENT), rsa)
    world.publish([next.jwk])
    await open(await world.encrypt(client, 'id_token', CONTENT), rsa)
    assert.equal(world.fetched.length, 1)
    world.advance(60_000)
    await open(await world.encrypt(client, 'id_token', CONTENT), next)
    world.publish(undefined)
    world.advance(60_000)
    await open(await world.encrypt(client, 'id_token', CONTENT), next)
    assert.equal(world.fetched.length, 3)
  })
})

test('RFC 7518 §4.6.1.1 – every message has a key of its own', async () => {
  const world = createWorld()
  const client = registeredFor('ECDH-ES', [ec.jwk])
  const headers = await Promise.all(
    Array.from({ length: 5 }, async () => (await open(await world.encrypt(client, 'id_token', CONTENT), ec)).header),
  )
  assert.equal(new Set(headers.map(({ epk }) => JSON.stringify(epk))).size, 5)
})
