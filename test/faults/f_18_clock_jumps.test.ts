/**
 * F-18 – the clock of the machine jumps an hour forward, and back. What is over by the new time is refused, what was used or ended
 * stays so whatever the clock says, and everything that is issued meanwhile lives exactly as long as configured.
 */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { type Answer, basic } from '../support/client.ts'
import { type OwnRedis, skipWithoutPrograms, startRedis } from '../support/engines.ts'
import { createMovedClock, type MovedClock, skipWithoutFaketime } from '../support/faketime.ts'
import { createPkce, type Person, type TestClient, type TokenAnswer } from '../support/oauth.ts'
import { type Prepared, prepareServer, type ServerProcess, startServerProcess } from '../support/server.ts'

const HOUR = 3_600
const SCOPE = 'openid offline_access'

const claimsOf = (jwt: string): { iat: number; exp: number; auth_time?: number } =>
  JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())

for (const store of ['sqlite', 'redis'] as const) {
  const skip = skipWithoutFaketime() || (store === 'redis' && skipWithoutPrograms('redis-server'))

  describe(`clock jumps, sessions in ${store}`, { skip }, () => {
    let redis: OwnRedis | undefined
    let prepared: Prepared
    let clock: MovedClock
    let server: ServerProcess
    let client: TestClient
    let alice: Person

    before(async () => {
      redis = store === 'redis' ? await startRedis() : undefined
      const config = redis ? { sessions_store_params: { backend: 'redis', connection_url: redis.url } } : {}
      prepared = await prepareServer({ config })
      clock = createMovedClock(prepared.folder)
      server = await startServerProcess({ prepared, processEnv: clock.processEnv })
      // A password of the future ends what is allowed before it: this one was set long ago.
      clock.set(-2 * HOUR)
      client = await server.admin.createClient({ scope: SCOPE })
      alice = await server.admin.createUser()
      clock.set(0)
    })
    after(async () => {
      await server?.close()
      await prepared?.remove()
      await redis?.close()
    })
    afterEach(() => clock.set(0))

    const signIn = async (): Promise<string> => {
      const headers = { authorization: basic(alice.username, alice.password) }
      const answer = await server.request('POST', '/login?realm=main', { headers })
      assert.equal(answer.status, 200, answer.body)
      const cookie = answer.headers['set-cookie']?.[0] ?? ''
      assert.match(cookie, /Max-Age=28800\b/i)
      return cookie.split(';')[0] ?? ''
    }

    const whoami = (cookie: string): Promise<Answer> => server.request('GET', '/whoami?realm=main', { cookie })

    const obtain = (): Promise<TokenAnswer> => server.oauth.obtainTokens(client, alice, { extra: { scope: SCOPE } })

    const userinfo = (token: string): Promise<Answer> =>
      server.request('GET', '/userinfo', { headers: { authorization: `Bearer ${token}` } })

    const obtainCode = async (): Promise<{ code: string; verifier: string }> => {
      const { verifier, challenge } = createPkce()
      const parameters = server.oauth.authorizationParameters(client, challenge, { scope: SCOPE })
      return { verifier, code: await server.oauth.obtainCode(server.browser(), client, parameters, alice) }
    }

    /** P-8 – exp - iat is the policy, under any clock. */
    const assertLifetimes = (tokens: TokenAnswer): void => {
      const access = claimsOf(tokens.access_token)
      const id = claimsOf(tokens.id_token)
      assert.equal(tokens.expires_in, 900)
      assert.equal(access.exp - access.iat, 900)
      assert.equal(id.exp - id.iat, 300)
    }

    test('F-18 – forward by an hour: sessions, codes and access tokens that are over are refused, refresh tokens live on', async () => {
      const cookie = await signIn()
      const tokens = await obtain()
      const { code, verifier } = await obtainCode()
      assertLifetimes(tokens)

      clock.set(HOUR - 5)
      assert.equal((await whoami(cookie)).status, 200, 'idle for less than its idle time')
      clock.set(2 * HOUR + 5)
      assert.equal((await whoami(cookie)).status, 401)
      assert.equal((await userinfo(tokens.access_token)).status, 401)
      assert.equal((await server.oauth.redeem(client, code, verifier)).json().error, 'invalid_grant')
      const refreshed = await server.oauth.refresh(client, tokens.refresh_token)
      assert.equal(refreshed.status, 200, refreshed.body)
      assertLifetimes(await obtain())
    })

    test('F-18 – back by an hour: what was used, replaced or ended before stays so', async () => {
      clock.set(HOUR)
      const cookie = await signIn()
      const { code, verifier } = await obtainCode()
      const redeemed = (await server.oauth.redeem(client, code, verifier)).json<TokenAnswer>()
      assert.equal((await server.request('POST', '/logout?realm=main', { cookie })).status, 204)
      clock.set(0)
      assert.equal((await whoami(cookie)).status, 401)
      assert.equal((await server.oauth.redeem(client, code, verifier)).json().error, 'invalid_grant')
      // RFC 6749 §4.1.2 – the second redemption revokes what the first one gave.
      assert.equal((await server.oauth.refresh(client, redeemed.refresh_token)).json().error, 'invalid_grant')
    })

    test('F-18 – back by an hour: what was begun in the hour that is to come breaks nothing and lives no longer', async () => {
      clock.set(HOUR)
      const cookie = await signIn()
      const tokens = await obtain()
      const end = (await whoami(cookie)).json<{ exp: number }>().exp
      clock.set(0)
      const early = await whoami(cookie)
      assert.ok([200, 401].includes(early.status), early.body)
      if (early.status === 200) assert.ok(early.json<{ exp: number }>().exp <= end)
      assert.ok([200, 401].includes((await userinfo(tokens.access_token)).status))
      const refreshed = await server.oauth.refresh(client, tokens.refresh_token)
      assert.ok([200, 400].includes(refreshed.status), refreshed.body)
      clock.set(2 * HOUR + 60)
      assert.equal((await whoami(cookie)).status, 401)
      assert.equal((await userinfo(tokens.access_token)).status, 401)
    })

    test('F-18 – an hour back and an hour forward again: nothing was lost, and what is issued has its time', async () => {
      const cookie = await signIn()
      const tokens = await obtain()
      clock.set(-HOUR)
      assertLifetimes(await obtain())
      assert.equal((await server.request('GET', '/ready')).status, 200)
      clock.set(0)
      assert.equal((await whoami(cookie)).status, 200)
      assert.equal((await userinfo(tokens.access_token)).status, 200)
      assert.equal((await server.oauth.refresh(client, tokens.refresh_token)).status, 200)
    })

    test('F-18 – jumps are no error: nothing unexpected is in the log', () => {
      assert.doesNotMatch(server.output(), /unexpected error|uncaught/)
    })
  })
}
