/** Back-Channel Logout §2.5 – two servers over one database, real TLS to the clients, and the end of a server in the middle of it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { decodeJwt } from 'jose'
import { ADMINISTRATOR } from '../../support/admin.ts'
import { skipWithout } from '../../support/backends.ts'
import { type Browser, send } from '../../support/client.ts'
import { type LogoutReceiver, startLogoutReceiver } from '../../support/logout_receiver.ts'
import type { Person, TestClient } from '../../support/oauth.ts'
import { until } from '../../support/patience.ts'
import {
  prepareServer,
  type ServerProcess,
  startServer,
  startServerProcess,
  testCertificates,
} from '../../support/server.ts'

const SESSIONS = 10
/** Longer than a node looks around for what is due. */
const SETTLED_MS = 2_500

const sidsOf = ({ notices }: LogoutReceiver): string[] =>
  notices.map(({ form }) => decodeJwt(form.get('logout_token') ?? '').sid as string).sort()

for (const database of ['sqlite', 'postgresql', 'mysql'] as const) {
  const skip = database === 'sqlite' ? false : skipWithout(database)

  describe(`logout of two nodes over one database (${database})`, { skip }, () => {
    let first: ServerProcess
    let second: ServerProcess
    let receivers: LogoutReceiver[]
    let clients: TestClient[]
    let alice: Person

    before(async () => {
      const pem = await testCertificates()
      const tls = { key: readFileSync(pem.key, 'utf8'), cert: readFileSync(pem.certificate, 'utf8') }
      receivers = [await startLogoutReceiver({ tls }), await startLogoutReceiver({ tls })]
      const env = {
        NODE_EXTRA_CA_CERTS: pem.authority,
        APP_REALM_ADMIN_USERNAME: ADMINISTRATOR.username,
        APP_REALM_ADMIN_INITIAL_PASSWORD: ADMINISTRATOR.password,
      }
      first = await startServerProcess({ database, env })
      const { databaseUrl } = first.prepared
      const config = { oauth_params: { issuer: first.issuer } }
      second = await startServerProcess({ prepared: await prepareServer({ database, databaseUrl, config, env }) })
      clients = await Promise.all(
        receivers.map((receiver) => first.admin.createClient({ ...receiver.metadata, ...receiver.backchannel })),
      )
      alice = await first.admin.createUser()
    })
    after(async () => {
      for (const receiver of receivers ?? []) await receiver.close()
      await second?.close()
      await second?.prepared.remove()
      await first?.close()
    })

    /** Signed in at both clients. */
    const signIn = async (): Promise<{ browser: Browser; hint: string; sid: string }> => {
      const browser = first.browser()
      let hint = ''
      for (const client of clients) hint = (await first.oauth.obtainTokens(client, alice, { browser })).id_token
      return { browser, hint, sid: decodeJwt(hint).sid as string }
    }

    test('both clients of a session are told once, over TLS 1.3', async () => {
      const { browser, hint, sid } = await signIn()
      const answer = await browser.request('GET', `/logout?${new URLSearchParams({ id_token_hint: hint })}`)
      assert.equal(answer.status, 303)
      await until('both are told', () => receivers.every(({ notices }) => notices.length > 0))
      await delay(SETTLED_MS)
      for (const receiver of receivers) {
        assert.deepEqual(sidsOf(receiver), [sid])
        assert.equal(receiver.notices[0]?.tlsVersion, 'TLSv1.3')
      }
    })

    test(`P-1 T-SE-16 – ${SESSIONS} sessions that both nodes end at the same time are told of once`, async () => {
      for (const receiver of receivers) receiver.notices.length = 0
      const sids: string[] = []
      for (let count = 0; count < SESSIONS; count++) sids.push((await signIn()).sid)
      const { headers } = await send(first, 'POST', '/login?realm=_', {
        headers: {
          authorization: `Basic ${Buffer.from(`${ADMINISTRATOR.username}:${ADMINISTRATOR.password}`).toString('base64')}`,
        },
      })
      const cookie = headers['set-cookie']?.[0]?.split(';')[0] ?? ''
      const end = (node: ServerProcess) =>
        send(node, 'DELETE', '/sessions', {
          cookie,
          json: { session_ids: sids },
          headers: { host: new URL(first.issuer).host },
        })
      const answers = await Promise.all([end(first), end(second), end(first), end(second)])
      for (const { status, body } of answers) assert.equal(status, 204, body)
      await until('all are told', () => receivers.every(({ notices }) => notices.length >= SESSIONS))
      await delay(SETTLED_MS)
      for (const receiver of receivers) assert.deepEqual(sidsOf(receiver), sids.toSorted())
    })

    test('F-10 – a notice that a server died with is brought by another one when its lease has ended', async () => {
      const receiver = await startLogoutReceiver()
      receiver.answer('silence')
      let third: Awaited<ReturnType<typeof startServer>> | undefined
      try {
        const client = await first.admin.createClient({ ...receiver.metadata, ...receiver.backchannel })
        const browser = first.browser()
        const { id_token: hint } = await first.oauth.obtainTokens(client, alice, { browser })
        const { sid } = decodeJwt(hint)
        await browser.request('GET', `/logout?${new URLSearchParams({ id_token_hint: hint })}`)
        await until('it is under way', () => receiver.notices.length === 1)
        await Promise.all([first.end('SIGKILL'), second.end('SIGKILL')])
        receiver.answer(200)
        const { databaseUrl } = first.prepared
        const clock = { now: () => Date.now() + 61_000 }
        const config = { oauth_params: { issuer: first.issuer } }
        third = await startServer({ database, databaseUrl, config, clock })
        await until('it is told', () => receiver.notices.length === 2)
        assert.deepEqual(sidsOf(receiver), [sid, sid])
        const { logoutDeliveries } = third.store
        await until('nothing is left', async () => {
          const left = await logoutDeliveries.listDue(Number.MAX_SAFE_INTEGER, { limit: 100, notOf: [] })
          return left.every(({ clientId }) => clientId !== client.client_id)
        })
      } finally {
        await third?.close()
        await receiver.close()
      }
    })
  })
}
