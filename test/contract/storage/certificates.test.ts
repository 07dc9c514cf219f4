import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { certificateKey } from '../../../src/oauth/certificate_identity.ts'
import { OAuthError } from '../../../src/oauth/errors.ts'
import { createStore } from '../../../src/storage/store.ts'
import { forEachDialect } from '../../support/databases.ts'
import { aUser, createScene } from '../../support/storage_fixtures.ts'

const isConflict = (error: unknown): boolean => error instanceof OAuthError && error.code === 'conflict'

const keyOf = (name: string): string => certificateKey('san_dns', name) ?? ''

describe('T-MT-02 RFC 8705 §2.1.2 – one certificate, one user of a realm', () => {
  forEachDialect((_dialect, open) => {
    const opened = open()
    const scene = () => createScene(createStore(opened().database))

    test('a name that somebody has cannot be given to another, however it is written', async () => {
      const { realm, store, user } = await scene()
      await realm.users.insert(aUser({ certificate: { san_dns: 'x.example' } }))
      const inTransaction = (work: (users: typeof realm.users) => Promise<unknown>) =>
        store.transaction((repositories) => work(repositories.realm(realm.realmId).users))
      const second = aUser({ certificate: { san_dns: 'X.example' } })
      await assert.rejects(
        inTransaction((users) => users.insert(second)),
        isConflict,
      )
      assert.equal(await realm.users.find(second.id), undefined)
      const changed = { ...user, certificate: { san_dns: 'x.EXAMPLE' } }
      await assert.rejects(
        inTransaction((users) => users.update(changed)),
        isConflict,
      )
      assert.equal((await realm.users.find(user.id))?.certificate, undefined)
    })

    test('of twenty who want it at the same time one gets it', async () => {
      const { realm, store } = await scene()
      const wish = () =>
        store.transaction((repositories) =>
          repositories.realm(realm.realmId).users.insert(aUser({ certificate: { san_dns: 'x.example' } })),
        )
      const results = await Promise.allSettled(Array.from({ length: 20 }, wish))
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
      const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
      assert.ok(reasons.every(isConflict), String(reasons.find((reason) => !isConflict(reason))))
    })

    test('in another realm it is free, and free again when its user lets it go', async () => {
      const [one, other] = [await scene(), await scene()]
      const user = aUser({ realmId: one.realm.realmId, certificate: { san_dns: 'x.example' } })
      await one.realm.users.insert(user)
      await other.realm.users.insert(aUser({ certificate: { san_dns: 'x.example' } }))
      await one.realm.users.update({ ...user, certificate: { san_dns: 'y.example' } })
      const next = aUser({ realmId: one.realm.realmId, certificate: { san_dns: 'x.example' } })
      await one.realm.users.insert(next)
      await one.realm.users.delete(next.id)
      await one.realm.users.insert(aUser({ certificate: { san_dns: 'x.example' } }))
    })

    test('is found by any of its names, in its realm alone', async () => {
      const [one, other] = [await scene(), await scene()]
      const user = aUser({ realmId: one.realm.realmId, certificate: { san_dns: 'x.example' } })
      await one.realm.users.insert(user)
      assert.deepEqual(await one.realm.users.findByCertificateKeys([keyOf('y.example'), keyOf('x.example')]), [user])
      assert.deepEqual(await one.realm.users.findByCertificateKeys([keyOf('y.example')]), [])
      assert.deepEqual(await other.realm.users.findByCertificateKeys([keyOf('x.example')]), [])
    })

    test('a user who changes in something else keeps it', async () => {
      const { realm } = await scene()
      const user = aUser({ realmId: realm.realmId, certificate: { san_dns: 'x.example' } })
      await realm.users.insert(user)
      await realm.users.update({ ...user, enabled: false })
      assert.equal((await realm.users.findByCertificateKeys([keyOf('x.example')]))[0]?.id, user.id)
    })
  })
})
