/** RFC 9449 §5, §10 and RFC 8705 §4, §7.1 – codes and tokens that belong to a key, through the whole token endpoint. */
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import type { ClientAuthRequest } from '../../../src/client_auth/method.ts'
import { thumbprintOf } from '../../../src/oauth/certificate_identity.ts'
import type { ClientMetadata } from '../../../src/oauth/client_metadata.ts'
import type { Confirmation } from '../../../src/oauth/confirmation.ts'
import { createProofKey, type ProofKey } from '../../support/dpop.ts'
import { issueClient, presented } from '../../support/pki.ts'
import {
  codeRequest,
  grantedWith,
  ISSUER,
  jsonPart,
  openTokenWorld,
  refreshRequest,
  type TokenWorld,
  tokenRequest,
} from '../../support/tokens.ts'

type Tokens = { access_token: string; refresh_token: string; token_type: string }

const INVALID_GRANT = { code: 'invalid_grant', status: 400 }
const INVALID_PROOF = { code: 'invalid_dpop_proof', status: 400 }

const PUBLIC = { token_endpoint_auth_method: 'none' } as const

const openWorld = async (t: TestContext, metadata: Partial<ClientMetadata> = {}) => {
  const world = await openTokenWorld(t)
  await world.addClient(metadata)
  await world.addUser()
  const isPublic = metadata.token_endpoint_auth_method === 'none'

  const ask = async (
    parameters: Record<string, string>,
    shown: Pick<ClientAuthRequest, 'dpop' | 'certificate'> = {},
  ): Promise<Tokens> => {
    const request = tokenRequest({ ...parameters, ...(isPublic ? { client_id: 'app' } : {}) }, shown)
    const changed = isPublic ? { ...request, authorization: undefined } : request
    return (await world.exchange(await world.open(), changed)).response as Tokens
  }
  return { world, ask }
}

const proofOf = (world: TokenWorld, key: ProofKey): { dpop: string } => ({
  dpop: key.prove({ url: `${ISSUER}/token`, iat: world.clock.now() / 1000 }),
})

const cnfOf = (tokens: Tokens): Confirmation | undefined =>
  jsonPart(tokens.access_token, 1).cnf as Confirmation | undefined

describe('RFC 9449 §5 – access tokens', () => {
  test('T-DP-05 RFC 9449 §5.2 – a client that is registered for bound tokens gets none without a proof', async (t) => {
    const { world, ask } = await openWorld(t, { dpop_bound_access_tokens: true })
    const code = await world.addCode()
    await assert.rejects(ask(codeRequest(code)), INVALID_PROOF)
    assert.equal((await ask(codeRequest(code), proofOf(world, createProofKey()))).token_type, 'DPoP')
  })

  test('T-DP-03 RFC 9449 §5 – a wrong proof leaves the code for the right one', async (t) => {
    const { world, ask } = await openWorld(t)
    const code = await world.addCode()
    await assert.rejects(ask(codeRequest(code), { dpop: 'x' }), INVALID_PROOF)
    assert.ok((await ask(codeRequest(code))).access_token)
  })

  test('RFC 9449 §5 §6.1 RFC 7800 §3.1 – a proof makes the token one of type DPoP that names the key, and no proof a bearer token', async (t) => {
    const { world, ask } = await openWorld(t)
    const key = createProofKey()
    const bound = await ask(codeRequest(await world.addCode()), proofOf(world, key))
    assert.deepEqual([bound.token_type, cnfOf(bound)], ['DPoP', { jkt: key.jkt }])
    const bearer = await ask(codeRequest(await world.addCode()))
    assert.deepEqual([bearer.token_type, cnfOf(bearer)], ['Bearer', undefined])
  })

  test('T-DP-01 RFC 9449 §11.1 – a proof is of use once, for another grant as well', async (t) => {
    const { world, ask } = await openWorld(t)
    const shown = proofOf(world, createProofKey())
    await ask(codeRequest(await world.addCode()), shown)
    const code = await world.addCode()
    await assert.rejects(ask(codeRequest(code), shown), INVALID_PROOF)
    assert.ok((await ask(codeRequest(code))).access_token)
  })
})

describe('RFC 9449 §10 – authorization codes', () => {
  test('T-DP-06 RFC 9449 §10 – a code for one key is refused to another and to none, and stays good for its own', async (t) => {
    const { world, ask } = await openWorld(t)
    const key = createProofKey()
    const code = await world.addCode(grantedWith({ dpopJkt: key.jkt }))
    await assert.rejects(ask(codeRequest(code)), INVALID_GRANT)
    await assert.rejects(ask(codeRequest(code), proofOf(world, createProofKey())), INVALID_GRANT)
    assert.deepEqual(cnfOf(await ask(codeRequest(code), proofOf(world, key))), { jkt: key.jkt })
  })
})

describe('RFC 9449 §5 – refresh tokens', () => {
  test('T-DP-07 RFC 9449 §5 – of a public client belongs to its key for good', async (t) => {
    const { world, ask } = await openWorld(t, PUBLIC)
    const key = createProofKey()
    const first = await ask(codeRequest(await world.addCode()), proofOf(world, key))
    await assert.rejects(ask(refreshRequest(first.refresh_token)), INVALID_GRANT)
    await assert.rejects(ask(refreshRequest(first.refresh_token), proofOf(world, createProofKey())), INVALID_GRANT)
    const second = await ask(refreshRequest(first.refresh_token), proofOf(world, key))
    assert.deepEqual([second.token_type, cnfOf(second)], ['DPoP', { jkt: key.jkt }])
    await assert.rejects(ask(refreshRequest(second.refresh_token)), INVALID_GRANT)
    assert.deepEqual(await world.auditTypes(), [])
  })

  test('T-DP-07 RFC 9449 §5 – of a confidential client may change to another key', async (t) => {
    const { world, ask } = await openWorld(t)
    const first = await ask(codeRequest(await world.addCode()), proofOf(world, createProofKey()))
    const other = createProofKey()
    const second = await ask(refreshRequest(first.refresh_token), proofOf(world, other))
    assert.deepEqual(cnfOf(second), { jkt: other.jkt })
    assert.notEqual(second.refresh_token, first.refresh_token)
  })

  test('RFC 9700 §4.14.2 – a confidential client that is registered for bound tokens keeps its refresh token', async (t) => {
    const { world, ask } = await openWorld(t, { dpop_bound_access_tokens: true })
    const key = createProofKey()
    const { refresh_token: token } = await ask(codeRequest(await world.addCode()), proofOf(world, key))
    for (let use = 0; use < 3; use++) {
      world.advance(500_000_000)
      assert.equal((await ask(refreshRequest(token), proofOf(world, key))).refresh_token, token)
    }
    await assert.rejects(ask(refreshRequest(token)), INVALID_PROOF)
    world.advance(700_000_000)
    await assert.rejects(ask(refreshRequest(token), proofOf(world, key)), INVALID_GRANT)
  })
})

describe('RFC 8705 §3 – certificates', () => {
  const BOUND = { tls_client_certificate_bound_access_tokens: true }

  test('T-MT-06 RFC 8705 §3.4 – a client that is registered for it gets no token without a certificate', async (t) => {
    const { world, ask } = await openWorld(t, BOUND)
    await assert.rejects(ask(codeRequest(await world.addCode())), { code: 'invalid_request' })
  })

  test('T-MT-06 RFC 8705 §3.1 – the token names the certificate and is a bearer token by its type', async (t) => {
    const { world, ask } = await openWorld(t, BOUND)
    const certificate = presented(await issueClient({}))
    const tokens = await ask(codeRequest(await world.addCode()), { certificate })
    assert.deepEqual(cnfOf(tokens), { 'x5t#S256': thumbprintOf(certificate.der) })
    assert.equal(tokens.token_type, 'Bearer')
  })

  test('T-MT-06 RFC 8705 §4 RFC 8705 §7.1 – a renewed certificate: the refresh token of a public client is refused, a confidential one goes on', async (t) => {
    const certificate = presented(await issueClient({}))
    const renewed = presented(await issueClient({}))
    const open = await openWorld(t, { ...PUBLIC, ...BOUND })
    const first = await open.ask(codeRequest(await open.world.addCode()), { certificate })
    await assert.rejects(open.ask(refreshRequest(first.refresh_token), { certificate: renewed }), INVALID_GRANT)
    assert.ok(await open.ask(refreshRequest(first.refresh_token), { certificate }))

    const confidential = await openWorld(t, BOUND)
    const tokens = await confidential.ask(codeRequest(await confidential.world.addCode()), { certificate })
    const next = await confidential.ask(refreshRequest(tokens.refresh_token), { certificate: renewed })
    assert.deepEqual(cnfOf(next), { 'x5t#S256': thumbprintOf(renewed.der) })
  })

  test('RFC 8705 §3 RFC 9449 §6.1 – both proofs bind the token to both', async (t) => {
    const { world, ask } = await openWorld(t, BOUND)
    const key = createProofKey()
    const certificate = presented(await issueClient({}))
    const tokens = await ask(codeRequest(await world.addCode()), { certificate, ...proofOf(world, key) })
    assert.deepEqual(cnfOf(tokens), { jkt: key.jkt, 'x5t#S256': thumbprintOf(certificate.der) })
  })
})
