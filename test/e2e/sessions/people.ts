/** A realm with people, and their sessions over the real server. */
import assert from 'node:assert/strict'
import { basic, type RequestOptions } from '../../support/client.ts'
import type { TestServer } from '../../support/server.ts'

export const PASSWORD = 'a passphrase of the tests 7'

export const SESSION_SECONDS = { absolute: 600, idle: 60 }

export type SignedIn = { sessionId: string; cookie: string }

export const createPeople = (server: TestServer) => ({
  async createRealm(id: string): Promise<void> {
    await server.admin.createRealm({
      id,
      auth_params: { username_password_params: { allow_expired_passwords: true } },
      session_max_age_seconds: SESSION_SECONDS.absolute,
      session_max_stale_age_seconds: SESSION_SECONDS.idle,
    })
  },

  async createUser(realm: string, username: string, more: Record<string, unknown> = {}): Promise<void> {
    await server.admin.createUser({ username, password: PASSWORD, ...more }, realm)
  },

  async signIn(realm: string, username: string, options: RequestOptions = {}): Promise<SignedIn> {
    const answer = await server.request('POST', `/login?realm=${realm}`, {
      ...options,
      headers: { authorization: basic(username, PASSWORD), ...options.headers },
    })
    assert.equal(answer.status, 200, answer.body)
    return {
      sessionId: answer.json<{ session_id: string }>().session_id,
      cookie: answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '',
    }
  },
})

export type People = ReturnType<typeof createPeople>
