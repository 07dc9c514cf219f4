/** /admin/realm/{id}/user/{username}/certificate – the certificate that signs a user in. */
import 'reflect-metadata'
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type CertificateServer, startCertificateServer } from '../../support/client_certificates.ts'
import { asClient, issueClient } from '../../support/pki.ts'

describe('the certificate of a user', () => {
  let stage: CertificateServer
  let count = 0
  before(async () => {
    stage = await startCertificateServer('main')
  })
  after(() => stage.close())

  const newUser = async (user: Record<string, unknown> = {}): Promise<string> => {
    const { username } = await stage.server.admin.createUser({ username: `user-${++count}`, ...user })
    return `/admin/realm/main/user/${username}/certificate`
  }

  const put = (path: string, json: unknown) => stage.server.admin.request('PUT', path, { json })
  const DNS = (value: string) => ({ type: 'dns' as const, value })

  const malformed: [string, unknown, number][] = [
    ['no member', {}, 400],
    ['two members', { san_dns: 'a.example', x5t_s256: 'A'.repeat(43) }, 400],
    ['an unknown member', { common_name: 'alice' }, 400],
    ['a distinguished name that is none', { subject_dn: 'alice' }, 422],
    ['a wildcard', { san_dns: '*.example' }, 422],
    ['an e-mail address that is none', { san_email: 'alice' }, 422],
    ['a thumbprint of another digest', { x5t_s256: 'abc' }, 422],
    ['no PEM', { certificate_pem: 'MIIB' }, 422],
    ['PEM of nothing', { certificate_pem: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }, 422],
    ['too much of it', { certificate_pem: 'x'.repeat(20_000) }, 422],
  ]
  for (const [name, json, status] of malformed)
    test(`${name} is refused`, async () => {
      const path = await newUser()
      const answer = await put(path, json)
      assert.equal(answer.status, status, answer.body)
      assert.equal((await stage.server.admin.request('GET', path)).status, 404)
    })

  test('a certificate without the name that the realm goes by, or with several, is refused in words', async () => {
    const path = await newUser()
    const without = await put(path, { certificate_pem: (await issueClient({})).pem })
    assert.equal(without.status, 422)
    const several = await issueClient({ names: [DNS('a.example'), DNS('b.example')] })
    const answer = await put(path, { certificate_pem: several.pem })
    assert.equal(answer.status, 422)
    assert.match(answer.body, /several names/)
  })

  test('a realm that takes no certificates cannot read one, but can be told a name', async () => {
    await stage.server.admin.createRealm({ id: 'without', auth_params: { username_password_params: {} } })
    await stage.server.admin.createUser({ username: 'alice' }, 'without')
    const path = '/admin/realm/without/user/alice/certificate'
    assert.equal((await put(path, { certificate_pem: (await stage.issueAlice()).pem })).status, 422)
    assert.equal((await put(path, { subject_dn: 'CN=alice' })).status, 200)
  })

  test('nobody but an administrator may see or change it', async () => {
    const path = await newUser({ certificate: { san_dns: 'private.example' } })
    for (const method of ['GET', 'PUT', 'DELETE'])
      assert.equal((await stage.server.request(method, path, { json: {} })).status, 401)
  })

  test('who is not there has none', async () => {
    const path = '/admin/realm/main/user/nobody/certificate'
    assert.equal((await stage.server.admin.request('GET', path)).status, 404)
    assert.equal((await stage.server.admin.request('DELETE', path)).status, 404)
    assert.equal((await put(path, { san_dns: 'a.example' })).status, 404)
  })

  test('T-MT-02 RFC 8705 §2.1.2 – two users cannot have the same, by whichever way it is given', async () => {
    const first = await newUser()
    const { pem } = await issueClient({ names: [DNS('shared.example')] })
    assert.deepEqual((await put(first, { certificate_pem: pem })).json(), { san_dns: 'shared.example' })
    const second = await newUser()
    assert.equal((await put(second, { certificate_pem: pem })).status, 409)
    assert.equal((await put(second, { san_dns: 'SHARED.example' })).status, 409)
    const json = {
      username: 'third',
      password: 'a passphrase of the tests 7',
      certificate: { san_dns: 'shared.example' },
    }
    const created = await stage.server.admin.request('POST', '/admin/realm/main/user', { json })
    assert.equal(created.status, 409)
    assert.match(created.body, /certificate/)
    assert.equal((await stage.server.admin.request('DELETE', first)).status, 204)
    assert.equal((await put(second, { san_dns: 'SHARED.example' })).status, 200)
  })

  test('is what the user shows, and a change is on record', async () => {
    const path = await newUser()
    assert.equal((await put(path, { san_dns: 'shown.example' })).status, 200)
    assert.deepEqual((await stage.server.admin.request('GET', path)).json(), { san_dns: 'shown.example' })
    const user = await stage.server.admin.request('GET', path.replace('/certificate', ''))
    assert.deepEqual(user.json().certificate, { san_dns: 'shown.example' })
    const { items } = await stage.server.store.realm('main').audit.list({ limit: 1 })
    assert.equal(items[0]?.type, 'user.certificate_changed')
    assert.equal(items[0]?.target, user.json().sub)
  })

  test('T-LC-01 – when it is taken away, so is what it opened', async () => {
    const path = await newUser()
    const { pem, keyPem } = await issueClient({ names: [DNS('gone.example')] }, stage.root)
    await put(path, { certificate_pem: pem })
    const login = () => stage.request('POST', '/login?realm=main', { certificate: { cert: pem, key: keyPem } })
    const sessionIds: string[] = []
    for (const change of ['DELETE', 'PUT'] as const) {
      const answer = await login()
      assert.equal(answer.status, 200)
      sessionIds.push(String(answer.json().session_id))
      if (change === 'DELETE') await stage.server.admin.request('DELETE', path)
      else await put(path, { san_dns: 'other.example' })
      for (const id of sessionIds) assert.equal(await stage.server.deps.sessions.find(id), undefined)
      assert.equal((await login()).status, 401)
      if (change === 'DELETE') await put(path, { certificate_pem: pem })
    }
    assert.ok(asClient(await stage.issueAlice()).cert)
  })
})
