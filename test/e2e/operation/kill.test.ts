/**
 * F-10, F-11: a server that is killed while clients redeem codes and refresh. Whatever the moment was: a code is used exactly
 * when its family is there, each family has one live head, and a client that heard nothing can go on where it was.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { openDatabase } from '../../../src/storage/database.ts'
import { createStore, type Store } from '../../../src/storage/store.ts'
import { sha256 } from '../../../src/system/hashing.ts'
import { systemRandom } from '../../../src/system/random.ts'
import { CODE_VERIFIER, metadataWith, REDIRECT_URI } from '../../support/authorization.ts'
import { skipWithout } from '../../support/backends.ts'
import { silentLog } from '../../support/databases.ts'
import type { TestClient } from '../../support/oauth.ts'
import { type Prepared, prepareServer, type ServerProcess, startServerProcess } from '../../support/server.ts'
import { grantedWith, SECRET, userWith } from '../../support/tokens.ts'

const ROUNDS = 3
const LANES = 6
const REALM = 'main'
/** After this a replaced token is no lost response any more; a slow machine may need longer to start. */
const GRACE_MS = 9_000

const client: TestClient = {
  client_id: 'app',
  client_secret: SECRET,
  redirect_uris: [REDIRECT_URI],
  token_endpoint_auth_method: 'client_secret_basic',
}

/** What one client did, and the last that it knows. */
type Lane = { code: string; authorizationId: string; redeemed: boolean; known: string | undefined; rotations: number }

for (const engine of ['sqlite', 'postgresql', 'mysql'] as const) {
  const skip = engine === 'sqlite' ? false : skipWithout(engine)

  describe(`kill -9 of a server (${engine})`, { skip }, () => {
    let prepared: Prepared
    let store: Store
    let close: () => Promise<void>
    let server: ServerProcess

    before(async () => {
      prepared = await prepareServer({ database: engine })
      server = await startServerProcess({ prepared })
      const database = openDatabase(
        {
          backend: engine,
          connection_url: prepared.databaseUrl,
          max_connections: 4,
          min_connections: 0,
          connect_timeout_secs: 30,
          idle_timeout_secs: 600,
        },
        silentLog,
      )
      store = createStore(database)
      close = database.close
      const realm = store.realm(REALM)
      await realm.users.insert(userWith({ createdAt: 0, updatedAt: 0 }))
      await realm.clients.insert({
        realmId: REALM,
        clientId: client.client_id,
        secretHash: sha256(SECRET),
        enabled: true,
        metadata: metadataWith(),
        createdAt: 0,
        updatedAt: 0,
      })
    })
    after(async () => {
      await server?.close()
      await close?.()
      await prepared?.remove()
    })

    const addCode = async (): Promise<Lane> => {
      const code = systemRandom.secret()
      const granted = grantedWith({ sessionId: undefined })
      const now = Date.now()
      const times = { createdAt: now, expiresAt: now + 60_000, purgeAfter: now + 3_600_000 }
      await store
        .realm(REALM)
        .authorizationCodes.insert({ codeHash: sha256(code), clientId: client.client_id, granted, ...times })
      return { code, authorizationId: granted.authorizationId, redeemed: false, known: undefined, rotations: 0 }
    }

    /** Redeems and refreshes without end, until nobody answers. */
    const work = async (lanes: Lane[]): Promise<void> => {
      for (;;) {
        const lane = await addCode()
        lanes.push(lane)
        const answer = await server.oauth.redeem(client, lane.code, CODE_VERIFIER)
        assert.equal(answer.status, 200, answer.body)
        lane.redeemed = true
        lane.known = answer.json<{ refresh_token: string }>().refresh_token
        for (let count = 0; count < 4; count++) {
          const next = await server.oauth.refresh(client, lane.known)
          assert.equal(next.status, 200, next.body)
          lane.known = next.json<{ refresh_token: string }>().refresh_token
          lane.rotations += 1
        }
      }
    }

    const isSilence = (error: unknown): boolean =>
      error instanceof Error &&
      /ECONN|socket|EPIPE|disconnected|hang up/i.test(`${error.message} ${String(error.cause)}`)

    /** The state that the database is in, against what the client was told. */
    const inspect = async (lane: Lane): Promise<void> => {
      const realm = store.realm(REALM)
      const code = await realm.authorizationCodes.find(sha256(lane.code))
      const family = await realm.refreshFamilies.find(lane.authorizationId)
      assert.equal(
        code?.usedAt !== undefined,
        family !== undefined,
        'the code is used exactly when its tokens are there',
      )
      if (lane.redeemed) assert.ok(family, 'what was answered is there')
      assert.equal(family?.revokedAt, undefined)
      if (!family || lane.known === undefined) return
      const known = sha256(lane.known)
      const replaced = await realm.refreshFamilies.findReplaced(known)
      // The rotation that was under way happened as a whole, or not at all.
      assert.equal(family.currentTokenHash === known, replaced === undefined, 'one live head')
      assert.equal(await realm.refreshFamilies.findReplaced(family.currentTokenHash), undefined)
    }

    /** What a client does that heard nothing: it asks again. */
    const goOn = async (lane: Lane, killedAt: number): Promise<void> => {
      if (lane.known === undefined) {
        const answer = await server.oauth.redeem(client, lane.code, CODE_VERIFIER)
        assert.ok([200, 400].includes(answer.status), answer.body)
        return
      }
      const answer = await server.oauth.refresh(client, lane.known)
      assert.ok(answer.status === 200 || Date.now() - killedAt > GRACE_MS, answer.body)
    }

    /** Some work, and the end of the server in the middle of it. */
    const workUntilKilled = async (delayMs: number): Promise<Lane[]> => {
      const lanes: Lane[] = []
      const working = Promise.allSettled(Array.from({ length: LANES }, () => work(lanes)))
      while (lanes.length < LANES * 2) await delay(5)
      await delay(delayMs)
      await server.end('SIGKILL')
      for (const outcome of await working) {
        assert.equal(outcome.status, 'rejected')
        if (outcome.status === 'rejected') assert.ok(isSilence(outcome.reason), String(outcome.reason))
      }
      return lanes
    }

    test('F-10, F-11 – codes and families are whole, whenever it was, and every client goes on', async () => {
      let rotations = 0
      for (let round = 0; round < ROUNDS; round++) {
        const lanes = await workUntilKilled((round * 23) % 40)
        const killedAt = Date.now()
        server = await startServerProcess({ prepared })
        for (const lane of lanes) await inspect(lane)
        for (const lane of lanes) {
          await goOn(lane, killedAt)
          rotations += lane.rotations
        }
      }
      assert.ok(rotations > 0)
    })
  })
}
