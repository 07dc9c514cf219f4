import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClientMetadata } from '../../../src/oauth/client_metadata.ts'
import type { User } from '../../../src/storage/users.ts'
import { sha256 } from '../../../src/system/hashing.ts'
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
const DAY = 86_400_000

type Tokens = { access_token: string; refresh_token: string; id_token: string; scope: string }

const asTokens = (response: object): Tokens => response as Tokens

const redeem = async (world: TokenWorld, granted = grantedWith()): Promise<Tokens> => {
  const code = await world.addCode(granted)
  return asTokens((await world.exchange(await world.open(), tokenRequest(codeRequest(code)))).response)
}

const openWorld = async (t: Parameters<typeof openTokenWorld>[0], metadata: Partial<ClientMetadata> = {}) => {
  const world = await openTokenWorld(t)
  await world.addClient(metadata)
  await world.addUser()
  return { world, tokens: await redeem(world) }
}

const refresh = async (world: TokenWorld, token: string, changes: Record<string, string> = {}): Promise<Tokens> =>
  asTokens((await world.exchange(await world.open(), tokenRequest(refreshRequest(token, changes)))).response)

const isGood = async (world: TokenWorld, token: string): Promise<boolean> =>
  (await world.findAccessToken(await world.open(), token)) !== undefined

test('RFC 6749 §6 – a request without a refresh token is invalid, and an unknown one is refused', async (t) => {
  const { world } = await openWorld(t)
  await assert.rejects(refresh(world, ''), { code: 'invalid_request' })
  await assert.rejects(refresh(world, 'x'.repeat(43)), INVALID_GRANT)
})

test('T-RT-03 T-AC-03 OAuth 2.1 §4.3 – another client is refused and burns nothing', async (t) => {
  const { world, tokens } = await openWorld(t)
  await world.addClient({}, { clientId: 'stranger' })
  const asStranger = (token: string) =>
    tokenRequest(refreshRequest(token), { authorization: basicHeader('stranger', SECRET) })
  await assert.rejects(world.exchange(await world.open(), asStranger(tokens.refresh_token)), INVALID_GRANT)
  const next = await refresh(world, tokens.refresh_token)
  await assert.rejects(world.exchange(await world.open(), asStranger(tokens.refresh_token)), INVALID_GRANT)
  assert.ok((await refresh(world, next.refresh_token)).access_token)
  assert.deepEqual(await world.auditTypes(), [])
})

test('T-RT-03 T-IS-08 RFC 6749 §6 – a refresh token of another realm is unknown', async (t) => {
  const { world, tokens } = await openWorld(t)
  await world.addClient({}, { realmId: 'other' })
  await assert.rejects(
    world.exchange(await world.open('other'), tokenRequest(refreshRequest(tokens.refresh_token))),
    INVALID_GRANT,
  )
})

for (const [name, change, expected] of [
  ['disabled', { enabled: false }, { code: 'invalid_client' }],
  ['deleted', undefined, { code: 'invalid_client' }],
] as const) {
  test(`T-RT-03 T-RT-08 RFC 6749 §6 – a client that was ${name} gets nothing`, async (t) => {
    const { world, tokens } = await openWorld(t)
    await world.change(async (realm) => {
      const client = await realm.store.clients.find('app')
      assert.ok(client)
      if (change) await realm.store.clients.update({ ...client, ...change })
      else await realm.store.clients.delete('app')
    })
    await assert.rejects(refresh(world, tokens.refresh_token), expected)
    assert.equal(await isGood(world, tokens.access_token), false)
  })
}

test('T-RT-03 RFC 6749 §5.2 – a client that may no longer refresh is unauthorized', async (t) => {
  const { world, tokens } = await openWorld(t)
  await world.change(async (realm) => {
    const client = await realm.store.clients.find('app')
    assert.ok(client)
    await realm.store.clients.update({
      ...client,
      metadata: { ...client.metadata, grant_types: ['authorization_code'] },
    })
  })
  await assert.rejects(refresh(world, tokens.refresh_token), { code: 'unauthorized_client' })
})

test('T-RT-03 RFC 6749 §6 – a client that has become public cannot use its old secret, nor do without one before', async (t) => {
  const { world, tokens } = await openWorld(t)
  const asPublic = tokenRequest(refreshRequest(tokens.refresh_token, { client_id: 'app' }), {
    authorization: undefined,
  })
  await assert.rejects(world.exchange(await world.open(), asPublic), { code: 'invalid_client' })
  await world.change(async (realm) => {
    const client = await realm.store.clients.find('app')
    assert.ok(client)
    await realm.store.clients.update({
      ...client,
      metadata: { ...client.metadata, token_endpoint_auth_method: 'none' },
    })
  })
  await assert.rejects(refresh(world, tokens.refresh_token), { code: 'invalid_client' })
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
  test(`T-RT-08 RFC 9700 §4.14.2 – the refresh token of a user who was ${name} is refused`, async (t) => {
    const { world, tokens } = await openWorld(t)
    const { users } = world.store.realm('main')
    const user = await users.find('the-sub-of-alice')
    assert.ok(user)
    assert.equal(await end(users, user), true)
    await assert.rejects(refresh(world, tokens.refresh_token), INVALID_GRANT)
  })
}

test('T-RT-05 OAuth 2.1 §4.3.1 – a broader scope is refused and changes nothing', async (t) => {
  const { world, tokens } = await openWorld(t)
  await assert.rejects(refresh(world, tokens.refresh_token, { scope: 'openid email' }), { code: 'invalid_scope' })
  assert.ok((await refresh(world, tokens.refresh_token)).access_token)
})

test('T-RT-05 OAuth 2.1 §4.3.3 – a narrower scope is for one access token; the refresh token keeps it all', async (t) => {
  const { world, tokens } = await openWorld(t)
  const narrow = await refresh(world, tokens.refresh_token, { scope: 'profile' })
  assert.equal(narrow.scope, 'profile')
  assert.equal(jsonPart(narrow.access_token, 1).scope, 'profile')
  assert.equal(narrow.id_token, undefined)
  const again = await refresh(world, narrow.refresh_token)
  assert.equal(again.scope, 'openid profile offline_access')
})

test('T-LC-01 RFC 6749 §6 – a scope that was taken from the client is not given again', async (t) => {
  const { world, tokens } = await openWorld(t)
  await world.change(async (realm) => {
    const client = await realm.store.clients.find('app')
    assert.ok(client)
    await realm.store.clients.update({ ...client, metadata: { ...client.metadata, scope: 'openid offline_access' } })
  })
  assert.equal((await refresh(world, tokens.refresh_token)).scope, 'openid offline_access')
})

test('RFC 9700 §4.14.2 – a refresh token that nobody used for the idle time is refused', async (t) => {
  const { world, tokens } = await openWorld(t)
  world.advance(7 * DAY - 1)
  const next = await refresh(world, tokens.refresh_token)
  world.advance(7 * DAY)
  await assert.rejects(refresh(world, next.refresh_token), INVALID_GRANT)
})

test('T-RT-07 RFC 9700 §4.14.2 – no use moves the absolute end', async (t) => {
  const { world, tokens } = await openWorld(t)
  let token = tokens.refresh_token
  for (let day = 0; day < 29; day++) {
    world.advance(DAY)
    token = (await refresh(world, token)).refresh_token
  }
  world.advance(DAY - 1)
  token = (await refresh(world, token)).refresh_token
  world.advance(1)
  await assert.rejects(refresh(world, token), INVALID_GRANT)
})

test('T-RT-04 OAuth 2.1 §4.3.1 – a replaced token after the grace time ends the family and its access tokens', async (t) => {
  const { world, tokens } = await openWorld(t)
  const next = await refresh(world, tokens.refresh_token)
  world.advance(10_001)
  await assert.rejects(refresh(world, tokens.refresh_token), INVALID_GRANT)
  await assert.rejects(refresh(world, next.refresh_token), INVALID_GRANT)
  assert.equal(await isGood(world, tokens.access_token), false)
  assert.equal(await isGood(world, next.access_token), false)
  assert.deepEqual(await world.auditTypes(), ['refresh_token.reused'])
})

test('T-RT-04 OAuth 2.1 §4.3.1 – a second repeat ends the family', async (t) => {
  const { world, tokens } = await openWorld(t)
  const next = await refresh(world, tokens.refresh_token)
  await refresh(world, tokens.refresh_token)
  await assert.rejects(refresh(world, tokens.refresh_token), INVALID_GRANT)
  await assert.rejects(refresh(world, next.refresh_token), INVALID_GRANT)
})

test('T-RT-04 OAuth 2.1 §4.3.1 – a repeat after the successor was used ends the family', async (t) => {
  const { world, tokens } = await openWorld(t)
  const next = await refresh(world, tokens.refresh_token)
  const third = await refresh(world, next.refresh_token)
  await assert.rejects(refresh(world, tokens.refresh_token), INVALID_GRANT)
  await assert.rejects(refresh(world, third.refresh_token), INVALID_GRANT)
  assert.deepEqual(await world.auditTypes(), ['refresh_token.reused'])
})

test('T-RT-04 – a lost response may be repeated once within ten seconds and gives the same refresh token', async (t) => {
  const { world, tokens } = await openWorld(t)
  const next = await refresh(world, tokens.refresh_token)
  world.advance(10_000)
  const again = await refresh(world, tokens.refresh_token)
  assert.equal(again.refresh_token, next.refresh_token)
  assert.notEqual(again.access_token, next.access_token)
  assert.ok((await refresh(world, next.refresh_token)).access_token)
  assert.deepEqual(await world.auditTypes(), [])
})

test('T-RT-02 T-RT-04 – what is stored gives no token, neither the live nor a replaced one', async (t) => {
  const { world, tokens } = await openWorld(t)
  const next = await refresh(world, tokens.refresh_token)
  const { refreshFamilies } = world.store.realm('main')
  const replaced = await refreshFamilies.findReplaced(sha256(tokens.refresh_token))
  const family = await refreshFamilies.findByToken(sha256(next.refresh_token))
  assert.ok(replaced && family)
  const stored = JSON.stringify([replaced, family])
  assert.equal(stored.includes(tokens.refresh_token) || stored.includes(next.refresh_token), false)
  for (const guess of [sha256(replaced.successorSalt), sha256(tokens.refresh_token), replaced.successorSalt]) {
    assert.notEqual(guess, next.refresh_token)
  }
})

test('OpenID Connect Core §12.2 – the new ID token names the same person and sign-in', async (t) => {
  const { world, tokens } = await openWorld(t)
  const first = jsonPart(tokens.id_token, 1)
  world.advance(5_000)
  const next = await refresh(world, tokens.refresh_token, { scope: tokens.scope })
  const second = jsonPart(next.id_token, 1)
  for (const name of ['iss', 'sub', 'aud', 'auth_time', 'nonce']) assert.deepEqual(second[name], first[name])
  assert.equal(second.iat, Number(first.iat) + 5)
  assert.equal(next.scope, tokens.scope)
})

test('T-RT-01 OAuth 2.1 §4.3.1 – public clients rotate as well', async (t) => {
  const world = await openTokenWorld(t)
  await world.addClient({ token_endpoint_auth_method: 'none' }, { secretHash: undefined })
  await world.addUser()
  const realm = await world.open()
  const ask = async (parameters: Record<string, string>): Promise<Tokens> =>
    asTokens(
      (await world.exchange(realm, tokenRequest({ ...parameters, client_id: 'app' }, { authorization: undefined })))
        .response,
    )
  const tokens = await ask(codeRequest(await world.addCode()))
  const next = await ask(refreshRequest(tokens.refresh_token))
  assert.notEqual(next.refresh_token, tokens.refresh_token)
  world.advance(10_001)
  await assert.rejects(ask(refreshRequest(tokens.refresh_token)), INVALID_GRANT)
})
