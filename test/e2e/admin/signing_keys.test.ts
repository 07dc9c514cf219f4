/** /admin/realm/{id}/key – signing keys under the hands of an administrator and of an operator. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import type { Answer } from '../../support/client.ts'
import type { TestClient } from '../../support/oauth.ts'
import { until } from '../../support/patience.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const MAIN = join(import.meta.dirname, '../../../src/main.ts')
const run = promisify(execFile)

type Key = { kid: string; alg: string; state: string; activated_at: number | null; next_change_at: number | null }

let server: TestServer
let client: TestClient

before(async () => {
  server = await startServer({ config: { signing_keys_params: { prepublish_secs: 3_600 } } })
  client = await server.admin.createClient({
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    scope: 'introspect',
  })
  await token()
})
after(() => server.close())

const token = async (): Promise<string> => {
  const answer = await server.oauth.token(client, { grant_type: 'client_credentials' })
  assert.equal(answer.status, 200, answer.body)
  return answer.json<{ access_token: string }>().access_token
}

const isActive = async (shown: string): Promise<unknown> => {
  const { clientAuthentication } = await import('../../support/oauth.ts')
  const { headers } = clientAuthentication(client)
  return (await server.request('POST', '/introspect', { headers, form: { token: shown } })).json().active
}

const keys = async (answer?: Answer): Promise<Key[]> => {
  const shown = answer ?? (await server.admin.request('GET', '/admin/realm/main/key'))
  assert.equal(shown.status, 200, shown.body)
  return shown.json<{ items: Key[] }>().items.filter(({ alg }) => alg === 'ES256')
}

const keySet = async () => (await server.request('GET', '/jwks.json')).json<JSONWebKeySet>()

describe('signing keys of a realm', () => {
  test('what is wrong is refused by name, and what is not there is not found', async () => {
    const rotate = (json: unknown) => server.admin.request('POST', '/admin/realm/main/key/rotate', { json })
    assert.match((await rotate({ alg: 'HS256' })).body, /alg: must be one of/)
    assert.match((await rotate({ algorithm: 'ES256' })).body, /algorithm: unknown/)
    assert.equal((await server.admin.request('POST', '/admin/realm/main/key/nothing/revoke')).status, 404)
    assert.equal((await server.request('POST', '/admin/realm/main/key/rotate')).status, 401)
  })

  test('a rotation publishes the successor at once, and it signs when its time has come', async () => {
    const before = Math.floor(Date.now() / 1000)
    const after = await keys(
      await server.admin.request('POST', '/admin/realm/main/key/rotate', { json: { alg: 'ES256' } }),
    )
    assert.deepEqual(after.map(({ state }) => state).sort(), ['active', 'prepublished'])
    const next = after.find(({ state }) => state === 'prepublished')
    assert.ok(next?.next_change_at && next.next_change_at >= before + 3_600)
    assert.ok((await keySet()).keys.some(({ kid }) => kid === next.kid))
    const { protectedHeader } = await jwtVerify(await token(), createLocalJWKSet(await keySet()))
    assert.equal(protectedHeader.kid, after.find(({ state }) => state === 'active')?.kid)
  })

  test('a revoked key: its tokens are worth nothing, and the next one signs at once', async () => {
    const old = await token()
    assert.equal(await isActive(old), true)
    const active = (await keys()).find(({ state }) => state === 'active')
    assert.ok(active)
    assert.equal((await server.admin.request('POST', `/admin/realm/main/key/${active.kid}/revoke`)).status, 200)
    assert.equal(await isActive(old), false)
    assert.equal(await isActive(await token()), true)
    assert.ok((await keySet()).keys.every(({ kid }) => kid !== active.kid))
    const audit = await server.admin.request('GET', '/admin/realm/main/audit')
    const revoked = audit.json<{ items: { type: string; target: string; principal: string }[] }>().items
    assert.ok(
      revoked.some(
        ({ type, target, principal }) => type === 'signing_key.revoked' && target === active.kid && principal,
      ),
    )
  })

  test('auth_server keys: an operator does the same, and the running server follows within a second', async () => {
    const command = (...args: string[]) =>
      run(process.execPath, [MAIN, 'keys', ...args, server.prepared.configFile], { cwd: server.prepared.folder })
    const { stdout } = await command('list')
    const active = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Key)
      .find(({ alg, state }) => alg === 'ES256' && state === 'active')
    assert.ok(active)
    const old = await token()
    await command('revoke', '--kid', active.kid)
    await until('the server follows', async () => (await isActive(old)) === false)
    await command('rotate', '--alg', 'EdDSA')
    assert.match((await command('list')).stdout, /"alg":"EdDSA","state":"active"/)
    await assert.rejects(command('revoke', '--kid', 'nothing'), /there is no key of that name/)
    await assert.rejects(command('rotate', '--alg', 'none'), /--alg has to be one of/)
    await assert.rejects(command('list', '--realm', 'nowhere'), /there is no such realm/)
    await assert.rejects(command('dance'), /usage: keys list/)
  })
})
