/** Every way to sign in, every end of a session and every lifetime, over TLS at the running server, on every store there is. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createManualClock } from '../../contract/sessions/samples.ts'
import { skipWithout } from '../../support/backends.ts'
import { type Answer, basic, type RequestOptions } from '../../support/client.ts'
import { type CertificateServer, startCertificateServer } from '../../support/client_certificates.ts'
import { type IdentityProvider, startIdentityProvider } from '../../support/identity_provider.ts'
import { asClient } from '../../support/pki.ts'
import type { ServerOptions } from '../../support/server.ts'
import { createApp } from '../../support/totp.ts'

const PASSWORD = 'a passphrase of the tests 7'
const IDLE_SECONDS = 1_800
const AGE_SECONDS = 3_000

type Store = { name: string; options: ServerOptions; skip: string | false }

const stores: Store[] = [
  { name: 'sqlite', options: {}, skip: false },
  { name: 'postgresql', options: { database: 'postgresql' }, skip: skipWithout('postgresql') },
  { name: 'mysql', options: { database: 'mysql' }, skip: skipWithout('mysql') },
  { name: 'sqlite with redis', options: { sessions: 'redis' }, skip: skipWithout('redis') },
]

type Step = { next_step: string; session_id: string | null }

for (const { name, options, skip } of stores)
  describe(`signing in, on ${name}`, { skip }, () => {
    // Redis counts down by its own clock: time moves only from the present on.
    const clock = createManualClock(Date.now())
    let site: CertificateServer
    let idp: IdentityProvider

    before(async () => {
      idp = await startIdentityProvider()
      site = await startCertificateServer('own', { ...options, clock })
      await site.server.admin.updateRealm('main', {
        auth_params: {
          username_password_params: { allow_expired_passwords: true },
          totp_params: { algorithm: 'SHA256', step: 30 },
          client_certificate_params: { subject_from: 'san_dns' },
          jwt_params: { idp_params: [idp.provider] },
        },
        session_max_age_seconds: AGE_SECONDS,
        session_max_stale_age_seconds: IDLE_SECONDS,
      })
    })
    after(async () => {
      await site?.close()
      await idp?.close()
    })

    const createUser = (username: string, more: Record<string, unknown> = {}) =>
      site.server.admin.createUser({ username, password: PASSWORD, ...more })

    const login = (requestOptions: RequestOptions): Promise<Answer> =>
      site.request('POST', '/login?realm=main', requestOptions)

    const byPassword = (username: string, json?: unknown, password = PASSWORD): Promise<Answer> =>
      login({ headers: { authorization: basic(username, password) }, ...(json === undefined ? {} : { json }) })

    const stepOf = (answer: Answer): Step => {
      assert.equal(answer.status, 200, answer.body)
      return answer.json<Step>()
    }

    const cookieOf = (answer: Answer): string => answer.headers['set-cookie']?.[0]?.split(';')[0] ?? ''

    const whoami = (cookie: string): Promise<Answer> => site.request('GET', '/whoami?realm=main', { cookie })

    const signIn = async (username: string): Promise<{ id: string; cookie: string }> => {
      const answer = await byPassword(username)
      return { id: stepOf(answer).session_id ?? '', cookie: cookieOf(answer) }
    }

    test('T-BF-01 – a wrong password, an unknown user and a disabled one are answered alike', async () => {
      await createUser('right')
      await createUser('disabled', { enabled: false })
      const answers = [
        await byPassword('right', undefined, 'a wrong passphrase'),
        await byPassword('nobody'),
        await byPassword('disabled'),
      ]
      const [first] = answers
      for (const answer of answers) {
        assert.equal(answer.status, 401)
        assert.equal(answer.body, first?.body)
        assert.equal(answer.headers['set-cookie'], undefined)
      }
    })

    test('one credential counts: without any nobody gets in, and a header is the one beside a certificate', async () => {
      await createUser('two')
      const certificate = asClient(await site.issueAlice())
      assert.equal((await login({})).status, 401)
      const wrong = basic('two', 'a wrong passphrase')
      assert.equal((await login({ headers: { authorization: wrong }, certificate })).status, 401)
      const right = await login({ headers: { authorization: basic('two', PASSWORD) }, certificate })
      assert.equal((await whoami(cookieOf(right))).json().auth_scheme, 'up')
    })

    test('a password', async () => {
      await createUser('by-password')
      const answer = await byPassword('by-password')
      assert.equal(stepOf(answer).next_step, 'Authenticated')
      assert.equal((await whoami(cookieOf(answer))).json().auth_scheme, 'up')
    })

    test('a JWT of the identity provider', async () => {
      await createUser('by-jwt')
      const seconds = Math.floor(clock.now() / 1000)
      const token = idp.token({ sub: 'by-jwt', iat: seconds, exp: seconds + 300 })
      const answer = await login({ headers: { authorization: `Bearer ${token}` } })
      assert.equal(stepOf(answer).next_step, 'Authenticated')
      assert.equal((await whoami(cookieOf(answer))).json().auth_scheme, 'jwt')
    })

    test('RFC 8705 §2.1 – a client certificate, on the port that asks for it', async () => {
      await createUser('alice', { certificate: { san_dns: 'alice.example' } })
      const answer = await login({ certificate: asClient(await site.issueAlice(site.intermediate), site.intermediate) })
      assert.equal(stepOf(answer).next_step, 'Authenticated')
      assert.equal((await whoami(cookieOf(answer))).json().auth_scheme, 'cc')
    })

    test('T-BF-05 RFC 6238 §5.2 – a one-time code on top, which of twenty callers at once one uses', async () => {
      await createUser('with-code')
      const at = '/admin/realm/main/user/with-code/totp'
      const generated = await site.server.admin.request('POST', `${at}/generate`)
      const app = createApp(generated.json<{ secret_base32: string }>().secret_base32, 'SHA256')
      const enabled = await site.server.admin.request('POST', `${at}/verify`, {
        json: { secret: app.secret, token: app.code(clock.now()) },
      })
      assert.equal(enabled.status, 200, enabled.body)
      const { recovery_codes: recoveryCodes } = enabled.json<{ recovery_codes: string[] }>()
      assert.equal(recoveryCodes.length, 10)
      const asked = await byPassword('with-code')
      assert.deepEqual(stepOf(asked), { next_step: 'TotpRequired', session_id: null })
      assert.equal(asked.headers['set-cookie'], undefined)

      clock.advance(30_000)
      const totp_code = app.code(clock.now())
      const answers = await Promise.all(Array.from({ length: 20 }, () => byPassword('with-code', { totp_code })))
      assert.equal(answers.filter(({ status }) => status === 200).length, 1)
      for (const { status } of answers) assert.ok([200, 401, 429, 503].includes(status), String(status))
    })

    test('an expired password leads to a session that can only change it', async () => {
      await createUser('expired', { change_password: true })
      const answer = await byPassword('expired')
      assert.equal(stepOf(answer).next_step, 'ChangePassword')
      const cookie = cookieOf(answer)
      const json = { current_password: PASSWORD, new_password: 'another passphrase of the tests 8' }
      const changed = await site.request('POST', '/password?realm=main', { cookie, json })
      assert.ok([200, 204].includes(changed.status), changed.body)
      assert.equal(stepOf(await byPassword('expired', undefined, json.new_password)).next_step, 'Authenticated')
    })

    test('LogoutOtherSessions spares the session itself, LogoutAllSessions does not', async () => {
      await createUser('often')
      const [one, two, three] = [await signIn('often'), await signIn('often'), await signIn('often')]
      const isAlive = async ({ cookie }: { cookie: string }): Promise<boolean> => (await whoami(cookie)).status === 200
      const act = async (sessions_action: string): Promise<void> => {
        const json = { sessions_action, authenticated_clients: [{ username: 'often', auth_scheme: 'up' }] }
        const answer = await site.server.admin.request('POST', `/sessions/${one.id}`, { json })
        assert.equal(answer.status, 200, answer.body)
      }
      await act('LogoutOtherSessions')
      assert.deepEqual(await Promise.all([one, two, three].map(isAlive)), [true, false, false])
      await act('LogoutAllSessions')
      assert.equal(await isAlive(one), false)
    })

    test('T-SE-18 – an idle session is over to the second, and use keeps it no longer than its age', async () => {
      await createUser('idle')
      const idle = await signIn('idle')
      const used = await signIn('idle')
      const begun = clock.now()
      const status = async ({ cookie }: { cookie: string }): Promise<number> => (await whoami(cookie)).status
      clock.advance((IDLE_SECONDS - 1) * 1000)
      assert.equal(await status(used), 200)
      clock.advance(1_000)
      assert.equal(await status(idle), 401)
      clock.advance(begun + (AGE_SECONDS - 1) * 1000 - clock.now())
      assert.equal(await status(used), 200)
      clock.advance(1_000)
      assert.equal(await status(used), 401)
    })
  })
