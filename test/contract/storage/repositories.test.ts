/** What every repository does, on every engine. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isDuplicateKey } from '../../../src/storage/database.ts'
import { createStore } from '../../../src/storage/store.ts'
import { sha256 } from '../../../src/system/hashing.ts'
import { systemRandom } from '../../../src/system/random.ts'
import { forEachDialect } from '../../support/databases.ts'
import { comingAgain } from '../../support/patience.ts'
import {
  aClient,
  aGrant,
  aRotation,
  aUser,
  createScene,
  HOUR,
  insertCode,
  insertFamily,
  NOW,
  rotate,
  settings,
} from '../../support/storage_fixtures.ts'

const CONSENT = { scopes: ['a'], authorizationDetails: [], resources: [] }

describe('repositories', () => {
  forEachDialect((_dialect, open) => {
    const opened = open()
    const scene = () => createScene(createStore(opened().database))

    test('a realm is found, changed, listed and deleted', async () => {
      const { store, realm } = await scene()
      const id = realm.realmId
      assert.equal(await store.realms.find('nobody'), undefined)
      assert.equal(await store.realms.update('nobody', settings, NOW), false)
      const found = await store.realms.find(id)
      assert.deepEqual(found, { id, settings, version: 1, createdAt: NOW, updatedAt: NOW })
      assert.equal(await store.realms.update(id, { ...settings, session_max_age_seconds: 7 }, NOW + 1), true)
      await store.realms.bumpVersion(id)
      assert.equal(await store.realms.findVersion(id), 3)
      assert.equal((await store.realms.find(id))?.settings.session_max_age_seconds, 7)
      await assert.rejects(store.realms.insert({ id, settings, now: NOW }), isDuplicateKey)
      assert.equal(await store.realms.delete(id), true)
      assert.equal(await store.realms.delete(id), false)
    })

    test('T-SE-10 – an identity belongs to one user of a realm at most, and to one in each realm', async () => {
      const { store, realm } = await scene()
      const { realm: otherRealm } = await scene()
      const { realmId } = realm
      const identity = { issuer: 'https://idp.example', subject: 's-1' }
      const taken = { code: 'conflict' }
      const first = aUser({ realmId, identities: [identity] })
      await realm.users.insert(first)
      assert.deepEqual(await realm.users.findByIdentity(identity), first)
      assert.equal(await realm.users.findByIdentity({ ...identity, subject: 'S-1' }), undefined)
      assert.equal(await realm.users.findByIdentity({ ...identity, issuer: 'https://idp.example/' }), undefined)
      assert.equal(await otherRealm.users.findByIdentity(identity), undefined)
      await otherRealm.users.insert(aUser({ realmId: otherRealm.realmId, identities: [identity] }))

      const second = aUser({ realmId, identities: [identity] })
      await assert.rejects(
        store.transaction((all) => all.realm(realmId).users.insert(second)),
        taken,
      )
      assert.equal(await realm.users.find(second.id), undefined)
      await realm.users.insert({ ...second, identities: [] })
      await assert.rejects(
        store.transaction((all) => all.realm(realmId).users.update(second)),
        taken,
      )
      assert.deepEqual((await realm.users.find(second.id))?.identities, [])

      // What the first one gives up is free for the second.
      assert.equal(await realm.users.update({ ...first, identities: [{ ...identity, subject: 's-2' }] }), true)
      assert.equal(await realm.users.findByIdentity(identity), undefined)
      assert.equal(await realm.users.update(second), true)
      assert.equal((await realm.users.findByIdentity(identity))?.id, second.id)
      await realm.users.delete(second.id)
      assert.equal(await realm.users.findByIdentity(identity), undefined)
      assert.equal(await realm.users.update(second), false)
    })

    test('T-SE-14 – a sign-in elsewhere is one of its interaction, and over after its time', async () => {
      const { store, realm, client } = await scene()
      const { realm: otherRealm } = await scene()
      const times = { createdAt: NOW, expiresAt: NOW + HOUR }
      const interactionId = systemRandom.id()
      const interaction = { clientId: client.clientId, browserHash: 'x', parameters: {}, pushedRequestHash: undefined }
      await realm.interactions.insert({ ...interaction, id: interactionId, ...times })
      const request = {
        stateHash: sha256('one'),
        interactionId,
        issuer: `https://idp.example/${'x'.repeat(2_000)}`,
        ...times,
      }
      await realm.upstreamRequests.replace(request)
      assert.deepEqual(await realm.upstreamRequests.find(request.stateHash, NOW), request)
      assert.equal(await realm.upstreamRequests.find(request.stateHash, NOW + HOUR), undefined)
      assert.equal(await otherRealm.upstreamRequests.find(request.stateHash, NOW), undefined)
      assert.equal(await otherRealm.upstreamRequests.consume(request.stateHash, NOW), false)
      assert.equal(await realm.upstreamRequests.consume(request.stateHash, NOW + HOUR), false)
      const next = { ...request, stateHash: sha256('two') }
      await realm.upstreamRequests.replace(next)
      assert.equal(await realm.upstreamRequests.find(request.stateHash, NOW), undefined)
      await store.purgeExpired(NOW + HOUR, 100)
      assert.equal(await realm.upstreamRequests.consume(next.stateHash, NOW), false)
    })

    test('a user is found by its subject and by any spelling of its name', async () => {
      const { realm } = await scene()
      const user = aUser({
        realmId: realm.realmId,
        username: 'Ângela',
        passwordHash: '$argon2id$x',
        passwordChangedAt: NOW,
        roles: ['a'],
        groups: ['b'],
        claims: { email: 'a@b.example', emoji: '🦊' },
        identities: [{ issuer: 'https://idp.example', subject: 's' }],
        certificate: { san_dns: 'x.example' },
      })
      await realm.users.insert(user)
      assert.deepEqual(await realm.users.find(user.id), user)
      assert.deepEqual(await realm.users.findByUsername('âNGELA'), user)
      assert.equal(await realm.users.findByUsername('angela'), undefined)
      await assert.rejects(realm.users.insert(aUser({ username: 'ângela' })), isDuplicateKey)
      assert.equal(await realm.users.update({ ...user, enabled: false }), true)
      assert.equal((await realm.users.find(user.id))?.enabled, false)
      assert.equal(await realm.users.delete(user.id), true)
      assert.equal(await realm.users.delete(user.id), false)
    })

    test('an update that changes nothing still finds its row', async () => {
      const { realm, user, client } = await scene()
      assert.equal(await realm.users.update(user), true)
      assert.equal(await realm.users.update(user), true)
      assert.equal(await realm.clients.update(client), true)
      assert.equal(await realm.clients.update(aClient()), false)
    })

    test('of two changes of a password that start from the same hash, one is refused', async () => {
      const { realm, user } = await scene()
      const change = (passwordHash: string) =>
        realm.users.replacePassword(user, { passwordHash, passwordChangedAt: NOW, changePassword: false })
      assert.equal(await change('first'), true)
      assert.equal(await change('second'), false)
      assert.equal((await realm.users.find(user.id))?.passwordHash, 'first')
    })

    test('the last administrator is known by the role, not by being there', async () => {
      const { realm } = await scene()
      assert.equal(await realm.users.hasAnyWithRole('boss'), false)
      await realm.users.insert(aUser({ roles: ['boss'], enabled: false }))
      assert.equal(await realm.users.hasAnyWithRole('boss'), false)
      const boss = aUser({ roles: ['boss'] })
      await realm.users.insert(boss)
      assert.equal(await realm.users.hasAnyWithRole('boss'), true)
      assert.equal(await realm.users.hasAnyWithRole('boss', { except: boss.id }), false)
    })

    test('a client is found, changed and deleted', async () => {
      const { realm, client } = await scene()
      assert.deepEqual(await realm.clients.find(client.clientId), client)
      assert.equal(await realm.clients.update({ ...client, secretHash: 'hash', enabled: false }), true)
      const changed = await realm.clients.find(client.clientId)
      assert.equal(changed?.secretHash, 'hash')
      assert.equal(changed?.enabled, false)
      await assert.rejects(realm.clients.insert(client), isDuplicateKey)
      assert.equal(await realm.clients.delete(client.clientId), true)
      assert.equal(await realm.clients.find(client.clientId), undefined)
    })

    test('OpenID Connect Core §9 – the sealed secret of a client is replaced, sealed again, and gone with its client', async () => {
      const { store, realm, client } = await scene()
      const { realm: other } = await createScene(store)
      const { clientSecrets } = realm
      const { clientId } = client
      assert.equal(await clientSecrets.find(clientId), undefined)
      await clientSecrets.delete(clientId)
      await clientSecrets.replace(clientId, 'first', NOW)
      await clientSecrets.replace(clientId, 'second', NOW)
      assert.equal(await clientSecrets.find(clientId), 'second')
      assert.equal(await clientSecrets.reseal(clientId, 'first', 'x'), false)
      assert.equal(await clientSecrets.reseal(clientId, 'second', 'third'), true)
      assert.equal(await other.clientSecrets.find(clientId), undefined)
      assert.equal(await other.clientSecrets.reseal(clientId, 'third', 'x'), false)
      await other.clientSecrets.delete(clientId)
      assert.equal(await clientSecrets.find(clientId), 'third')
      await realm.clients.delete(clientId)
      assert.equal(await clientSecrets.find(clientId), undefined)
    })

    test('the longest client_id and username fit', async () => {
      const { realm } = await scene()
      const client = aClient({ clientId: '𝔛'.repeat(255) })
      await realm.clients.insert(client)
      assert.equal((await realm.clients.find(client.clientId))?.clientId, client.clientId)
      const user = aUser({ username: '🦊'.repeat(256) })
      await realm.users.insert(user)
      assert.equal((await realm.users.findByUsername(user.username))?.id, user.id)
    })

    test('a consent is saved, replaced and forgotten', async () => {
      const { realm, user, client } = await scene()
      assert.equal(await realm.consents.find(user.id, client.clientId), undefined)
      const first = {
        scopes: ['a'],
        authorizationDetails: [{ type: 'payment', amount: '1.00', to: 'Zoë 🦊' }],
        resources: [],
      }
      await realm.consents.save(user.id, client.clientId, first, NOW)
      assert.deepEqual(await realm.consents.find(user.id, client.clientId), first)
      const second = { scopes: ['a', 'b'], authorizationDetails: [], resources: ['https://api.example/'] }
      await realm.consents.save(user.id, client.clientId, second, NOW)
      await realm.consents.save(user.id, client.clientId, second, NOW)
      assert.deepEqual(await realm.consents.find(user.id, client.clientId), second)
      await realm.consents.delete(user.id, client.clientId)
      assert.equal(await realm.consents.find(user.id, client.clientId), undefined)
    })

    test('an interaction goes from open over its marks to completed, once', async () => {
      const { realm, client } = await scene()
      const id = systemRandom.id()
      const interaction = {
        id,
        clientId: client.clientId,
        browserHash: sha256('browser'),
        parameters: { scope: 'openid', state: 'ü' },
        pushedRequestHash: undefined,
        createdAt: NOW,
        expiresAt: NOW + HOUR,
      }
      await realm.interactions.insert(interaction)
      assert.equal(await realm.interactions.find(id, NOW + HOUR), undefined)
      assert.equal(await realm.interactions.markAuthenticated(id, NOW + 1), true)
      assert.equal(await realm.interactions.markAuthenticated(id, NOW + 1), true)
      assert.equal(await realm.interactions.consume(id, NOW + HOUR), false)
      assert.equal(await realm.interactions.consume(id, NOW + 3), true)
      assert.equal(await realm.interactions.consume(id, NOW + 3), false)
      assert.equal(await realm.interactions.markAuthenticated(id, NOW + 4), false)
      assert.deepEqual(await realm.interactions.find(id, NOW), {
        ...interaction,
        realmId: realm.realmId,
        authenticatedAt: NOW + 1,
        firstFactor: undefined,
        completedAt: NOW + 3,
      })
    })

    test('RFC 9126 §4 – a pushed request is consumed once and counted while it waits', async () => {
      const { realm, client } = await scene()
      const referenceHash = sha256(systemRandom.secret())
      const request = {
        referenceHash,
        clientId: client.clientId,
        parameters: { scope: 'openid' },
        createdAt: NOW,
        expiresAt: NOW + HOUR,
      }
      await realm.pushedRequests.insert(request)
      assert.equal(await realm.pushedRequests.countOpen(client.clientId, NOW), 1)
      assert.equal(await realm.pushedRequests.countOpen(client.clientId, NOW + HOUR), 0)
      assert.equal(await realm.pushedRequests.consume(referenceHash, NOW), true)
      assert.equal(await realm.pushedRequests.consume(referenceHash, NOW), false)
      assert.equal(await realm.pushedRequests.countOpen(client.clientId, NOW), 0)
      assert.deepEqual(await realm.pushedRequests.find(referenceHash), { ...request, completedAt: NOW })
    })

    test('RFC 6749 §4.1.2 – a code is dead when it is used, expired, of another realm, or was guessed at too often', async () => {
      const it = await scene()
      const codes = it.realm.authorizationCodes
      const expired = await insertCode(it, { expiresAt: NOW })
      assert.equal(await codes.consume(expired, NOW, 3), false)
      const guessed = await insertCode(it)
      for (let failures = 0; failures < 3; failures++) await codes.countFailure(guessed)
      assert.equal((await codes.find(guessed))?.failedAttempts, 3)
      assert.equal(await codes.consume(guessed, NOW, 3), false)
      const used = await insertCode(it)
      const elsewhere = (await scene()).realm.authorizationCodes
      assert.equal(await elsewhere.consume(used, NOW, 3), false)
      assert.equal(await codes.consume(used, NOW, 3), true)
      assert.equal(await codes.consume(used, NOW, 3), false)
      assert.equal((await codes.find(used))?.usedAt, NOW)
    })

    test('OAuth 2.1 §4.3.1 – a rotation replaces the one live token and keeps the evidence', async () => {
      const it = await scene()
      const families = it.realm.refreshFamilies
      const family = await insertFamily(it)
      const rotation = aRotation(family)
      assert.equal(await rotate(it, { ...rotation, now: NOW + HOUR }), false)
      assert.equal(await families.findReplaced(family.head), undefined)
      assert.equal(await rotate(it, rotation), true)
      assert.equal(await rotate(it, rotation), false)
      assert.equal(await families.findByToken(family.head), undefined)
      assert.equal((await families.findByToken(rotation.newTokenHash))?.id, family.id)
      assert.deepEqual(await families.findReplaced(family.head), {
        tokenHash: family.head,
        familyId: family.id,
        successorSalt: rotation.successorSalt,
        replacedAt: NOW,
        retriedAt: undefined,
      })
      assert.equal(await families.consumeRetry(family.head, NOW, NOW + 1), false)
      assert.equal(await families.consumeRetry(family.head, NOW, NOW), true)
      assert.equal(await families.consumeRetry(family.head, NOW, NOW), false)
    })

    test('RFC 9700 §4.14.2 – a live token that is kept lives on, a replaced, idle or revoked one does not', async () => {
      const it = await scene()
      const { refreshFamilies: families } = it.realm
      const family = await insertFamily(it)
      const use = { familyId: family.id, tokenHash: family.head, now: NOW, idleExpiresAt: NOW + 2 * HOUR }
      assert.equal(await families.extend({ ...use, tokenHash: sha256('another') }), false)
      assert.equal(await families.extend({ ...use, now: NOW + HOUR }), false)
      assert.equal(await families.extend(use), true)
      assert.equal((await families.find(family.id))?.idleExpiresAt, NOW + 2 * HOUR)
      await families.revoke(family.id, 'logout', NOW)
      assert.equal(await families.extend(use), false)
    })

    test('a revoked family rotates no more, and tells only its first revoker', async () => {
      const it = await scene()
      const families = it.realm.refreshFamilies
      const family = await insertFamily(it)
      assert.equal(await families.revoke(family.id, 'reuse', NOW), true)
      assert.equal(await families.revoke(family.id, 'logout', NOW), false)
      assert.equal(await rotate(it, aRotation(family)), false)
      assert.equal((await families.find(family.id))?.revokeReason, 'reuse')
      const other = await insertFamily(it)
      await families.revokeByUser(it.user.id, 'password changed', NOW)
      assert.equal((await families.find(other.id))?.revokedAt, NOW)
      assert.equal((await families.find(family.id))?.revokeReason, 'reuse')
    })

    test('RFC 7009 – a revocation is remembered once and found among others', async () => {
      const { realm } = await scene()
      const revocation = { id: systemRandom.id(), reason: 'revoked', now: NOW, purgeAfter: NOW + HOUR }
      assert.equal(await realm.revocations.isRevoked([]), false)
      assert.equal(await realm.revocations.isRevoked([revocation.id]), false)
      assert.equal(await realm.revocations.remember(revocation), true)
      assert.equal(await realm.revocations.remember(revocation), false)
      assert.equal(await realm.revocations.isRevoked(['another', revocation.id]), true)
    })

    test('a revocation that is remembered already does not spoil the transaction that asks', async () => {
      const { store, realm } = await scene()
      const revocation = { id: systemRandom.id(), reason: 'revoked', now: NOW, purgeAfter: NOW + HOUR }
      await realm.revocations.remember(revocation)
      const kept = await store.transaction(async (transaction) => {
        const inside = transaction.realm(realm.realmId)
        assert.equal(await inside.revocations.remember(revocation), false)
        const client = aClient()
        await inside.clients.insert(client)
        return client
      })
      assert.notEqual(await realm.clients.find(kept.clientId), undefined)
    })

    test('RFC 7523 §3 – an assertion is accepted once for each issuer, and the parts of a mark cannot be shifted', async () => {
      const { realm } = await scene()
      const other = (await scene()).realm
      const mark = { kind: 'client_assertion', owner: 'ab', value: 'c', purgeAfter: NOW } as const
      assert.equal(await realm.replayMarks.remember(mark), true)
      assert.equal(await realm.replayMarks.remember(mark), false)
      assert.equal(await realm.replayMarks.remember({ ...mark, owner: 'a', value: 'bc' }), true)
      assert.equal(await other.replayMarks.remember(mark), true)
    })

    test('a realm has one active key of an algorithm, and every key is listed in the order of making', async () => {
      const { realm } = await scene()
      const key = (kid: string, alg: string, createdAt: number) => ({
        kid,
        alg,
        publicJwk: { kty: 'EC' },
        privateKey: '{"d":"secret"}',
        createdAt,
        dueAt: NOW + 1,
      })
      assert.equal(await realm.signingKeys.insertActive(key('b', 'ES256', NOW + 1)), true)
      assert.equal(await realm.signingKeys.insertActive(key('c', 'ES256', NOW)), false)
      assert.equal(await realm.signingKeys.insertActive(key('a', 'RS256', NOW)), true)
      const keys = await realm.signingKeys.list()
      assert.deepEqual(
        keys.map(({ kid, alg, state }) => [kid, alg, state]),
        [
          ['a', 'RS256', 'active'],
          ['b', 'ES256', 'active'],
        ],
      )
      assert.equal(keys[0]?.privateKey, '{"d":"secret"}')
    })

    test('only the setup link that was printed last works, and once', async () => {
      const { store } = await scene()
      const tokens = store.setupTokens
      await tokens.replace('first', NOW, NOW + HOUR)
      await tokens.replace('second', NOW, NOW + HOUR)
      assert.equal(await tokens.isLive('first', NOW), false)
      assert.equal(await tokens.isLive('second', NOW + HOUR), false)
      assert.equal(await tokens.consume('first', NOW), false)
      assert.equal(await tokens.consume('second', NOW), true)
      assert.equal(await tokens.consume('second', NOW), false)
      assert.equal(await tokens.isLive('second', NOW), false)
    })

    test('audit events are listed newest first, page by page, also when many happen at once', async () => {
      const { realm } = await scene()
      const ids: string[] = []
      for (let i = 0; i < 7; i++) {
        const event = {
          id: `event-${i}`,
          occurredAt: NOW + Math.floor(i / 3),
          type: 'auth_failure',
          outcome: 'failure',
          principal: 'x'.repeat(2_000),
          target: undefined,
          ip: '::1',
          requestId: 'r',
          detail: { i },
        } as const
        await realm.audit.insert(event)
        ids.unshift(event.id)
      }
      const seen: string[] = []
      let after: string | undefined
      do {
        const page = await realm.audit.list({ after, limit: 2 })
        seen.push(...page.items.map((event) => event.id))
        after = page.next
      } while (after !== undefined)
      assert.deepEqual(seen, ids)
      assert.deepEqual((await realm.audit.list({ limit: 1 })).items[0]?.detail, { i: 6 })
    })

    test('pages are stable while rows come and go, in the same order on every engine', async () => {
      const { realm } = await scene()
      const names = ['A', 'B', '_', 'a', 'b', 'z', 'ä', 'ﬀ', '𝔛'].map((name) => `page-${name}`)
      for (const clientId of [...names].reverse()) await realm.clients.insert(aClient({ clientId }))
      const first = await realm.clients.list({ after: 'page-', limit: 4 })
      assert.equal(first.next, 'page-a')
      await realm.clients.delete('page-B')
      await realm.clients.insert(aClient({ clientId: 'page-0' }))
      const second = await realm.clients.list({ after: first.next, limit: 9 })
      assert.equal(second.next, undefined)
      assert.deepEqual(
        [...first.items, ...second.items].map((client) => client.clientId),
        names,
      )
    })

    test('users are listed by canonical name', async () => {
      const { realm, user } = await scene()
      await realm.users.insert(aUser({ username: 'aB' }))
      await realm.users.insert(aUser({ username: 'AA' }))
      const page = await realm.users.list({ limit: 2 })
      assert.deepEqual(
        page.items.map((item) => item.username),
        ['AA', 'aB'],
      )
      const rest = await realm.users.list({ after: page.next, limit: 2 })
      assert.deepEqual(
        rest.items.map((item) => item.id),
        [user.id],
      )
    })

    test('T-BF-12 – ids and names that differ in case, accent or a space at the end are different', async () => {
      const { store, realm } = await scene()
      const names = ['collide', 'Collide', 'collidé', 'collide ', ' collide', 'collide\t', 'collide\u0301']
      for (const clientId of names) await realm.clients.insert(aClient({ clientId, secretHash: sha256(clientId) }))
      for (const clientId of names)
        assert.equal((await realm.clients.find(clientId))?.secretHash, sha256(clientId), JSON.stringify(clientId))
      for (const username of ['collide', 'collidé', 'collide ']) await realm.users.insert(aUser({ username }))
      assert.equal(await realm.users.findByUsername('collide  '), undefined)
      assert.equal(await store.realms.find(`${realm.realmId} `), undefined)
      assert.equal(await store.realms.find(realm.realmId.toUpperCase()), undefined)
    })

    test('T-IN what no id or name can be is not found, and is no error', async () => {
      const { store, realm, client } = await scene()
      for (const odd of [
        '',
        'a\0b',
        `${client.clientId}\0`,
        '\uD800',
        'x'.repeat(10_000),
        `' or 1=1 -- `,
        `\\' or 1=1 -- `,
      ]) {
        assert.equal(await realm.clients.find(odd), undefined)
        assert.equal(await realm.users.findByUsername(odd), undefined)
        assert.equal(await realm.authorizationCodes.find(odd), undefined)
        assert.equal(await store.realms.find(odd), undefined)
        assert.equal(await realm.refreshFamilies.revoke(odd, 'x', NOW), false)
      }
    })

    test('a realm sees nothing of another one, whatever it asks for', async () => {
      const mine = await scene()
      const { realm: theirs } = await scene()
      const code = await insertCode(mine)
      const family = await insertFamily(mine)
      await mine.realm.revocations.remember({ id: family.id, reason: 'x', now: NOW, purgeAfter: NOW })
      await mine.realm.consents.save(mine.user.id, mine.client.clientId, CONSENT, NOW)
      assert.equal(await theirs.users.find(mine.user.id), undefined)
      assert.equal(await theirs.users.findByUsername(mine.user.username), undefined)
      assert.equal(await theirs.users.update(mine.user), false)
      assert.equal(await theirs.users.delete(mine.user.id), false)
      assert.equal(await theirs.clients.find(mine.client.clientId), undefined)
      assert.equal(await theirs.clients.update(mine.client), false)
      assert.equal(await theirs.clients.delete(mine.client.clientId), false)
      assert.equal(await theirs.consents.find(mine.user.id, mine.client.clientId), undefined)
      assert.equal(await theirs.authorizationCodes.find(code), undefined)
      assert.equal(await theirs.refreshFamilies.find(family.id), undefined)
      assert.equal(await theirs.refreshFamilies.findByToken(family.head), undefined)
      assert.equal(await theirs.refreshFamilies.revoke(family.id, 'x', NOW), false)
      assert.equal(await theirs.refreshFamilies.rotate(aRotation(family)), false)
      assert.equal(await theirs.revocations.isRevoked([family.id]), false)
      assert.deepEqual(await theirs.signingKeys.list(), [])
      assert.deepEqual((await theirs.audit.list({ limit: 10 })).items, [])
    })

    test('P-3 foreign keys are enforced: nothing belongs to what is not there', async () => {
      const it = await scene()
      const nobody = aUser()
      await assert.rejects(insertCode({ ...it, user: nobody }))
      await assert.rejects(insertCode({ ...it, client: aClient() }))
      await assert.rejects(insertFamily({ ...it, user: nobody }))
      await assert.rejects(it.realm.consents.save(nobody.id, it.client.clientId, CONSENT, NOW))
      await assert.rejects(it.store.realm('nowhere').users.insert(aUser()))
      await assert.rejects(
        it.store.realm('nowhere').revocations.remember({ id: 'x', reason: 'x', now: 1, purgeAfter: 1 }),
      )
    })

    test('what belongs to a user, a client or a realm goes with it', async () => {
      const it = await scene()
      const rowsOf = async () => [
        await it.realm.authorizationCodes.find(code),
        await it.realm.refreshFamilies.find(family.id),
        await it.realm.refreshFamilies.findReplaced(family.head),
      ]
      let code = await insertCode(it)
      let family = await insertFamily(it)
      await rotate(it, aRotation(family))
      assert.ok((await rowsOf()).every((row) => row !== undefined))
      await it.realm.users.delete(it.user.id)
      assert.deepEqual(await rowsOf(), [undefined, undefined, undefined])

      await it.realm.users.insert(it.user)
      code = await insertCode(it)
      family = await insertFamily(it)
      await it.realm.consents.save(it.user.id, it.client.clientId, CONSENT, NOW)
      await it.realm.clients.delete(it.client.clientId)
      assert.deepEqual(await rowsOf(), [undefined, undefined, undefined])
      assert.equal(await it.realm.consents.find(it.user.id, it.client.clientId), undefined)

      await it.realm.signingKeys.insertActive({
        kid: 'k',
        alg: 'ES256',
        publicJwk: {},
        privateKey: '{}',
        createdAt: NOW,
        dueAt: NOW,
      })
      assert.equal(await it.store.realms.delete(it.realm.realmId), true)
      assert.equal(await it.realm.users.find(it.user.id), undefined)
      assert.deepEqual(await it.realm.signingKeys.list(), [])
    })

    test('a transaction that throws leaves nothing, and its error arrives as it was thrown', async () => {
      const it = await scene()
      const refusal = new Error('refused')
      const client = aClient()
      const failed = it.store.transaction(async (transaction) => {
        await transaction.realm(it.realm.realmId).clients.insert(client)
        throw refusal
      })
      await assert.rejects(failed, (error) => error === refusal)
      assert.equal(await it.realm.clients.find(client.clientId), undefined)
    })

    test('what a transaction has not committed is not seen outside it', async () => {
      const it = await scene()
      const client = aClient()
      await it.store.transaction(async (transaction) => {
        const inside = transaction.realm(it.realm.realmId)
        await inside.clients.insert(client)
        assert.notEqual(await inside.clients.find(client.clientId), undefined)
        assert.equal(await it.realm.clients.find(client.clientId), undefined)
      })
      assert.notEqual(await it.realm.clients.find(client.clientId), undefined)
    })

    test('a handle kept from a transaction that is over is refused', async () => {
      const it = await scene()
      const kept = await it.store.transaction(async (transaction) => transaction.realm(it.realm.realmId))
      await assert.rejects(kept.clients.insert(aClient()))
    })

    test('F-30 fifty callers that change one realm and what belongs to it all succeed', async () => {
      const it = await scene()
      const change = (username: string) =>
        it.store.transaction(async (transaction) => {
          const inside = transaction.realm(it.realm.realmId)
          await inside.users.insert(aUser({ username }))
          await inside.audit.insert({
            id: systemRandom.id(),
            occurredAt: NOW,
            type: 'user.created',
            outcome: 'success',
            principal: 'admin',
            target: username,
            ip: undefined,
            requestId: undefined,
            detail: {},
          })
          await transaction.realms.bumpVersion(it.realm.realmId)
        })
      await Promise.all(Array.from({ length: 50 }, (_, i) => comingAgain(() => change(`many-${i}`))))
      assert.equal(await it.store.realms.findVersion(it.realm.realmId), 51)
      assert.equal((await it.realm.audit.list({ limit: 100 })).items.length, 50)
    })

    test('what is over is removed in batches, and nothing else', async () => {
      const it = await scene()
      const { realm, client } = it
      const time = NOW + 100 * HOUR
      const marks = (value: string, purgeAfter: number) =>
        realm.replayMarks.remember({ kind: 'client_assertion', owner: 'purge', value, purgeAfter })
      for (const value of ['a', 'b', 'c']) await marks(value, time - 1)
      await marks('later', time + 1)
      const family = await insertFamily(it)
      await rotate(it, aRotation(family))
      const code = await insertCode(it)
      const request = {
        referenceHash: 'purge',
        clientId: client.clientId,
        parameters: {},
        createdAt: NOW,
        expiresAt: time,
      }
      await realm.pushedRequests.insert(request)
      assert.ok((await it.store.purgeExpired(time, 2)) > 0)
      while ((await it.store.purgeExpired(time, 100)) > 0);
      assert.equal(await realm.refreshFamilies.find(family.id), undefined)
      assert.equal(await realm.refreshFamilies.findReplaced(family.head), undefined)
      assert.equal(await realm.authorizationCodes.find(code), undefined)
      assert.notEqual(await realm.pushedRequests.find('purge'), undefined)
      assert.equal(await marks('a', time), true)
      assert.equal(await marks('later', time), false)
    })

    test('the check reads and writes', async () => {
      const { database } = opened()
      await database.check()
      await Promise.all([database.check(), database.check()])
    })

    test('granted survives the way through the database', async () => {
      const it = await scene()
      const granted = { ...aGrant(it), nonce: 'ñ"\\\'', acr: 'a', sessionId: 'session' }
      const family = await insertFamily(it, granted)
      assert.deepEqual((await it.realm.refreshFamilies.find(family.id))?.granted, JSON.parse(JSON.stringify(granted)))
    })
  })
})
