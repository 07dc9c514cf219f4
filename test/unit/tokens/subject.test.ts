/** OpenID Connect Core §8 – the names of people and sessions, as clients of one sector and of another know them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom } from '../../../src/system/random.ts'
import type { AccessTokenClaims } from '../../../src/tokens/claims.ts'
import { createSubjects } from '../../../src/tokens/subject.ts'
import { clientWith } from '../../support/authorization.ts'
import { openTokenWorld } from '../../support/tokens.ts'

const clientOf = (host: string, clientId = 'app') =>
  clientWith({ subject_type: 'pairwise', redirect_uris: [`https://${host}/cb`] }, { clientId })

const one = clientOf('one.example')
const two = clientOf('two.example')

test('OpenID Connect Core §8.1 – two sectors know nothing of each other, and neither is the name of the account', async (t) => {
  const world = await openTokenWorld(t)
  const realm = await world.open()
  const names = [
    await world.subjects.subjectOf(realm, one, 'alice'),
    await world.subjects.subjectOf(realm, two, 'alice'),
    await world.subjects.subjectOf(realm, one, 'bob'),
    await world.subjects.sessionNameOf(realm, one, 'alice'),
    await world.subjects.sessionNameOf(realm, two, 'alice'),
    await world.subjects.subjectOf(await world.open('other'), one, 'alice'),
    'alice',
  ]
  assert.equal(new Set(names).size, names.length)
})

test('OpenID Connect Core §8.1 – a client whose sector nobody can tell gets no subject', async (t) => {
  const world = await openTokenWorld(t)
  const client = clientWith({ subject_type: 'pairwise', redirect_uris: ['com.example.app:/cb'] })
  const realm = await world.open()
  await assert.rejects(async () => world.subjects.subjectOf(realm, client, 'alice'), { code: 'server_error' })
})

test('OpenID Connect Core §8.1 – in one sector the subject is one, on every node and after every restart', async (t) => {
  const world = await openTokenWorld(t)
  const realm = await world.open()
  const nodes = Array.from({ length: 20 }, () => createSubjects({ ...world, random: systemRandom }))
  const found = await Promise.all(nodes.map((subjects) => subjects.subjectOf(realm, one, 'alice')))
  found.push(await world.subjects.subjectOf(realm, clientOf('one.example', 'another'), 'alice'))
  assert.equal(new Set(found).size, 1)
  assert.match(found[0] ?? '', /^[A-Za-z0-9_-]{43}$/)
})

test('OpenID Connect Core §8 – a client with public subjects gets the account as it is, and nothing is waited for', async (t) => {
  const world = await openTokenWorld(t)
  const realm = await world.open()
  assert.equal(world.subjects.subjectOf(realm, clientWith(), 'alice'), 'alice')
  assert.equal(world.subjects.sessionNameOf(realm, clientWith(), 'session'), 'session')
})

test('OpenID Connect Core §8.1 – what a token says of its user to this server alone', async (t) => {
  const world = await openTokenWorld(t)
  const realm = await world.open()
  const { subjects } = world
  assert.equal(await subjects.sealUser(realm, clientWith(), { jti: 'j', userId: 'alice' }), undefined)
  const sealed = (await subjects.sealUser(realm, one, { jti: 'j', userId: 'alice' })) ?? ''
  assert.notEqual(await subjects.sealUser(realm, one, { jti: 'k', userId: 'alice' }), sealed)
  assert.doesNotMatch(sealed, /alice/)
  const claims = { sub: 'pairwise', jti: 'j', sealed_user: sealed } as AccessTokenClaims
  assert.equal(await subjects.userIdOf(realm, claims), 'alice')
  assert.equal(await subjects.userIdOf(realm, { ...claims, jti: 'k' }), undefined)
  assert.equal(await subjects.userIdOf(realm, { ...claims, sealed_user: `${sealed.slice(0, -4)}AAAA` }), undefined)
  assert.equal(await subjects.userIdOf(await world.open('other'), claims), undefined)
})
