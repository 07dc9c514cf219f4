import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OAuthError } from '../../../src/oauth/errors.ts'
import type { Granted } from '../../../src/oauth/granted.ts'
import type { User } from '../../../src/storage/users.ts'
import { sha256 } from '../../../src/system/hashing.ts'
import { CODE_VERIFIER, REDIRECT_URI } from '../../support/authorization.ts'
import {
  basicHeader,
  codeRequest,
  grantedWith,
  jsonPart,
  openTokenWorld,
  refreshRequest,
  SECRET,
  START,
  type TokenWorld,
  tokenRequest,
} from '../../support/tokens.ts'

const INVALID_GRANT = { code: 'invalid_grant', status: 400 }

const openWorld = async (t: Parameters<typeof openTokenWorld>[0]): Promise<TokenWorld> => {
  const world = await openTokenWorld(t)
  await world.addClient()
  await world.addUser()
  return world
}

const redeem = async (world: TokenWorld, code: string, changes: Record<string, string> = {}) =>
  (await world.exchange(await world.open(), tokenRequest(codeRequest(code, changes)))).response

const isUsed = async (world: TokenWorld, code: string): Promise<boolean> =>
  (await world.store.realm('main').authorizationCodes.find(sha256(code)))?.usedAt !== undefined

/** Whether the access token still counts. */
const isGood = async (world: TokenWorld, token: string): Promise<boolean> =>
  (await world.findAccessToken(await world.open(), token)) !== undefined

test('RFC 6749 §4.1.3 – a request without a code is invalid', async (t) => {
  const world = await openWorld(t)
  await assert.rejects(redeem(world, ''), { code: 'invalid_request' })
})

test('RFC 6749 §5.2 – an unknown code is refused', async (t) => {
  const world = await openWorld(t)
  await assert.rejects(redeem(world, 'x'.repeat(43)), INVALID_GRANT)
})

test('T-AC-02 RFC 6749 §4.1.3 – a refresh token is no code, and a code no refresh token', async (t) => {
  const world = await openWorld(t)
  const code = await world.addCode()
  const realm = await world.open()
  await assert.rejects(world.exchange(realm, tokenRequest(refreshRequest(code))), INVALID_GRANT)
  const { refresh_token: refreshToken } = await redeem(world, code)
  assert.ok(refreshToken)
  await assert.rejects(redeem(world, refreshToken), INVALID_GRANT)
})

test('T-IS-08 RFC 6749 §4.1.3 – a code of another realm is unknown', async (t) => {
  const world = await openWorld(t)
  await world.addClient({}, { realmId: 'other' })
  await world.addUser({ realmId: 'other', id: 'other-sub' })
  const code = await world.addCode(grantedWith({ userId: 'other-sub' }), 'app', 'other')
  await assert.rejects(redeem(world, code), INVALID_GRANT)
})

test('T-AC-03 RFC 6749 §4.1.3 – a code of another client is refused and stays good for its own', async (t) => {
  const world = await openWorld(t)
  await world.addClient({}, { clientId: 'stranger' })
  const code = await world.addCode()
  const asStranger = tokenRequest(codeRequest(code), { authorization: basicHeader('stranger', SECRET) })
  await assert.rejects(world.exchange(await world.open(), asStranger), INVALID_GRANT)
  assert.ok((await redeem(world, code)).access_token)
})

for (const [name, redirectUri] of [
  ['another path', 'https://app.example/cb2'],
  ['a query', `${REDIRECT_URI}?`],
  ['an upper-case host', 'https://APP.example/cb'],
] as const) {
  test(`T-RU-12 OAuth 2.1 §10.2 – a redirect_uri with ${name} is refused and uses nothing up`, async (t) => {
    const world = await openWorld(t)
    const code = await world.addCode()
    await assert.rejects(redeem(world, code, { redirect_uri: redirectUri }), INVALID_GRANT)
    assert.equal(await isUsed(world, code), false)
  })
}

test('OAuth 2.1 §10.2 – a redirect_uri may be left out where PKCE protects the code, and nowhere else', async (t) => {
  const world = await openWorld(t)
  assert.ok((await redeem(world, await world.addCode(), { redirect_uri: '' })).access_token)
  const withoutPkce = await world.addCode(grantedWith({ codeChallenge: undefined }))
  await assert.rejects(redeem(world, withoutPkce, { redirect_uri: '', code_verifier: '' }), INVALID_GRANT)
  assert.ok((await redeem(world, withoutPkce, { code_verifier: '' })).access_token)
})

test('OAuth 2.1 §10.2 – a redirect_uri that the request left out is the registered one', async (t) => {
  const world = await openWorld(t)
  const granted = (): Granted => grantedWith({ redirectUri: undefined })
  await assert.rejects(
    redeem(world, await world.addCode(granted()), { redirect_uri: 'https://evil.example/' }),
    INVALID_GRANT,
  )
  assert.ok((await redeem(world, await world.addCode(granted()))).access_token)
})

test('T-PK-01 RFC 7636 §4.6 – a code with a challenge needs a verifier', async (t) => {
  const world = await openWorld(t)
  const code = await world.addCode()
  await assert.rejects(redeem(world, code, { code_verifier: '' }), INVALID_GRANT)
  assert.equal(await isUsed(world, code), false)
})

test('T-PK-02 RFC 9700 §4.8.2 – a verifier without a challenge is refused', async (t) => {
  const world = await openWorld(t)
  const code = await world.addCode(grantedWith({ codeChallenge: undefined }))
  await assert.rejects(redeem(world, code), INVALID_GRANT)
  assert.equal(await isUsed(world, code), false)
})

for (const verifier of ['a', 'x'.repeat(42), 'x'.repeat(129), `${'x'.repeat(50)}!`, 'x'.repeat(43)]) {
  test(`T-AC-05 T-PK-03 RFC 7636 §4.1 – a verifier that does not fit is refused: ${verifier.length} characters`, async (t) => {
    const world = await openWorld(t)
    const code = await world.addCode()
    await assert.rejects(redeem(world, code, { code_verifier: verifier }), INVALID_GRANT)
    assert.equal(await isUsed(world, code), false)
    assert.equal((await world.store.realm('main').authorizationCodes.find(sha256(code)))?.failedAttempts, 1)
  })
}

test('T-PK-03 RFC 7636 §7.1 – after three wrong verifiers the right one comes too late', async (t) => {
  const world = await openWorld(t)
  const code = await world.addCode()
  for (let round = 0; round < 3; round++) {
    await assert.rejects(redeem(world, code, { code_verifier: 'x'.repeat(43) }), INVALID_GRANT)
  }
  await assert.rejects(redeem(world, code), INVALID_GRANT)
  const other = await world.addCode()
  for (let round = 0; round < 2; round++) {
    await assert.rejects(redeem(world, other, { code_verifier: 'x'.repeat(43) }), INVALID_GRANT)
  }
  assert.ok((await redeem(world, other)).access_token)
})

test('T-AC-08 RFC 6749 §4.1.2 – a code is refused from the moment it expires', async (t) => {
  const world = await openWorld(t)
  const early = await world.addCode()
  const late = await world.addCode()
  world.advance(59_999)
  assert.ok((await redeem(world, early)).access_token)
  world.advance(1)
  await assert.rejects(redeem(world, late), INVALID_GRANT)
})

test('T-AC-06 OAuth 2.1 §7.5.3 – a replay with a wrong parameter is refused and revokes nothing', async (t) => {
  const world = await openWorld(t)
  await world.addClient({}, { clientId: 'stranger' })
  const code = await world.addCode()
  const { access_token: accessToken } = await redeem(world, code)
  await assert.rejects(redeem(world, code, { code_verifier: 'x'.repeat(43) }), INVALID_GRANT)
  await assert.rejects(redeem(world, code, { redirect_uri: 'https://evil.example/' }), INVALID_GRANT)
  const asStranger = tokenRequest(codeRequest(code), { authorization: basicHeader('stranger', SECRET) })
  await assert.rejects(world.exchange(await world.open(), asStranger), INVALID_GRANT)
  const asNobody = tokenRequest(codeRequest(code), { authorization: basicHeader('app', 'wrong') })
  await assert.rejects(world.exchange(await world.open(), asNobody), { code: 'invalid_client' })
  assert.equal(await isGood(world, accessToken), true)
  assert.deepEqual(await world.auditTypes(), ['auth_failure'])
})

test('T-AC-06 OAuth 2.1 §7.5.3 – a replay that is right in everything revokes what the code gave, with one audit event', async (t) => {
  const world = await openWorld(t)
  const code = await world.addCode()
  const { access_token: accessToken, refresh_token: refreshToken } = await redeem(world, code)
  assert.ok(refreshToken)
  await assert.rejects(redeem(world, code), INVALID_GRANT)
  // RFC 6749 §4.1.2 – long after the code has expired as well.
  world.advance(120_000)
  await assert.rejects(redeem(world, code), INVALID_GRANT)
  assert.equal(await isGood(world, accessToken), false)
  await assert.rejects(world.exchange(await world.open(), tokenRequest(refreshRequest(refreshToken))), INVALID_GRANT)
  assert.deepEqual(await world.auditTypes(), ['authorization_code.replayed'])
})

type Users = ReturnType<TokenWorld['store']['realm']>['users']

const endings: [string, (users: Users, user: User) => Promise<boolean>][] = [
  ['disabled', (users, user) => users.update({ ...user, enabled: false })],
  ['deleted', (users, user) => users.delete(user.id)],
  [
    'given a new password',
    (users, user) =>
      users.replacePassword(user, { passwordHash: 'a hash', passwordChangedAt: START + 1, changePassword: false }),
  ],
]

for (const [name, end] of endings) {
  test(`T-LC-01 RFC 6749 §5.2 – a code of a user who was ${name} meanwhile is refused`, async (t) => {
    const world = await openWorld(t)
    const code = await world.addCode()
    const { users } = world.store.realm('main')
    const user = await users.find('the-sub-of-alice')
    assert.ok(user)
    assert.equal(await end(users, user), true)
    await assert.rejects(redeem(world, code), INVALID_GRANT)
  })
}

test('RFC 6749 §5.2 – every refusal of a code reads the same', async (t) => {
  const world = await openWorld(t)
  const used = await world.addCode()
  await redeem(world, used)
  const descriptions = new Set<string>()
  const attempts = [
    async () => redeem(world, 'x'.repeat(43)),
    async () => redeem(world, used),
    async () => redeem(world, await world.addCode(), { code_verifier: 'x'.repeat(43) }),
    async () => redeem(world, await world.addCode(), { redirect_uri: 'https://evil.example/' }),
  ]
  for (const attempt of attempts) {
    await attempt().catch((error: OAuthError) => descriptions.add(`${error.code} ${error.description}`))
  }
  assert.equal(descriptions.size, 1)
})

test('OAuth 2.1 §4.1.3 and RFC 6749 §4.1.4 – a code gives an access token, a refresh token and, with openid, an ID token', async (t) => {
  const world = await openWorld(t)
  const response = await redeem(world, await world.addCode())
  assert.equal(response.token_type, 'Bearer')
  assert.equal(response.expires_in, 900)
  assert.equal(response.scope, 'openid profile offline_access')
  assert.match(response.refresh_token ?? '', /^[A-Za-z0-9_-]{43}$/)
  assert.equal(jsonPart(response.id_token ?? '', 1).nonce, 'n-1')
})

test('OpenID Connect Core §3.1.2.1 – without openid there is no ID token', async (t) => {
  const world = await openWorld(t)
  const response = await redeem(world, await world.addCode(grantedWith({ scopes: ['profile'] })))
  assert.equal(response.id_token, undefined)
  assert.equal(response.scope, 'profile')
})

test('RFC 6749 §1.5 – a client that is not registered for refresh tokens gets none', async (t) => {
  const world = await openTokenWorld(t)
  await world.addClient({ grant_types: ['authorization_code'] })
  await world.addUser()
  const response = await redeem(world, await world.addCode())
  assert.equal(response.refresh_token, undefined)
  await assert.rejects(redeem(world, await world.addCode(), { code_verifier: `${CODE_VERIFIER}x` }), OAuthError)
})

test('T-AC-07 RFC 6749 §4.1.2 – a code whose refresh token cannot be stored is not used up', async (t) => {
  const world = await openWorld(t)
  const code = await world.addCode()
  const granted = (await world.store.realm('main').authorizationCodes.find(sha256(code)))?.granted
  assert.ok(granted)
  // A family of that name is there already, so the insert fails after the code was consumed.
  const times = { createdAt: 1, idleExpiresAt: 2, expiresAt: 2 }
  const family = { id: granted.authorizationId, clientId: 'app', granted, currentTokenHash: 'taken', ...times }
  await world.store.realm('main').refreshFamilies.insert(family)
  await assert.rejects(redeem(world, code), (error) => !(error instanceof OAuthError))
  assert.equal(await isUsed(world, code), false)
})
