/** RFC 8705 §2 – POST /login with a TLS client certificate, over real connections. */
import 'reflect-metadata'
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import * as x509 from '@peculiar/x509'
import { basic } from '../../support/client.ts'
import {
  ALICE,
  type CertificateServer,
  type PortKind,
  startCertificateServer,
} from '../../support/client_certificates.ts'
import { asClient, type Issued, issueAuthority, issueClient, issueList, rsaPair } from '../../support/pki.ts'

const LOGIN = '/login?realm=main'

const DNS = { type: 'dns' as const, value: ALICE }

for (const kind of ['main', 'own'] as const satisfies PortKind[])
  describe(`a login with a certificate, on ${kind === 'main' ? 'the main port' : 'a port of its own'}`, () => {
    let stage: CertificateServer
    let alice: Issued
    before(async () => {
      stage = await startCertificateServer(kind)
      await stage.server.admin.createUser({ username: 'alice', certificate: { san_dns: ALICE } })
      alice = await stage.issueAlice()
    })
    after(() => stage.close())

    const loginFailures = async () => {
      const { items } = await stage.server.store.realm('main').audit.list({ limit: 100 })
      return items.filter(({ type }) => type === 'auth_failure')
    }

    type Wrong = { name: string; reason: string; shown: () => Promise<{ cert: string; key: string }> }

    const fromRoot = async (wish: Parameters<typeof issueClient>[0]) =>
      asClient(await issueClient({ names: [DNS], ...wish }, stage.root))

    const wrong: Wrong[] = [
      {
        name: 'of another CA of the same name',
        reason: 'certificate_unknown_issuer',
        shown: async () => asClient(await stage.issueAlice(await issueAuthority({ subject: 'CN=Clients' }))),
      },
      {
        name: 'that is self-signed',
        reason: 'certificate_unknown_issuer',
        shown: async () => asClient(await issueClient({ names: [DNS] })),
      },
      {
        name: 'whose intermediate is not sent',
        reason: 'certificate_unknown_issuer',
        shown: async () => asClient(await stage.issueAlice(stage.intermediate)),
      },
      { name: 'that has expired', reason: 'certificate_expired', shown: () => fromRoot({ days: [-9, -1] }) },
      { name: 'that is not valid yet', reason: 'certificate_not_yet_valid', shown: () => fromRoot({ days: [1, 9] }) },
      {
        name: 'for servers',
        reason: 'certificate_wrong_usage',
        shown: () => fromRoot({ usages: [x509.ExtendedKeyUsage.serverAuth] }),
      },
      {
        name: 'of an authority',
        reason: 'certificate_is_authority',
        shown: async () => asClient(await issueAuthority({ names: [DNS] }, stage.root)),
      },
      { name: 'signed with SHA-1', reason: 'certificate_weak_signature', shown: () => fromRoot({ hash: 'SHA-1' }) },
      {
        name: 'with a small RSA key',
        reason: 'certificate_weak_key',
        // Without the level, a client of today would not even show it.
        shown: async () => ({ ...(await fromRoot({ pair: rsaPair(1024) })), ciphers: 'DEFAULT@SECLEVEL=0' }),
      },
      {
        name: 'of nobody',
        reason: 'unknown_user',
        shown: () => fromRoot({ names: [{ type: 'dns', value: 'bob.example' }] }),
      },
      {
        name: 'with the name in the subject alone',
        reason: 'certificate_without_name',
        shown: () => fromRoot({ subject: `CN=${ALICE}`, names: [] }),
      },
    ]

    for (const { name, reason, shown } of wrong)
      test(`T-MT-01 T-MT-02 RFC 8705 §2.1 – a certificate ${name} gets an answer in words, and the audit trail the reason`, async () => {
        const certificate = await shown()
        const before = (await loginFailures()).length
        const answer = await stage.request('POST', LOGIN, { certificate })
        assert.equal(answer.status, 401)
        assert.equal(answer.headers['set-cookie'], undefined)
        const reference = await stage.request('POST', LOGIN, { certificate: asClient(await issueClient({})) })
        assert.equal(answer.body, reference.body, 'one answer, whatever is wrong')
        assert.equal((await stage.requestHttp2('POST', LOGIN, certificate)).status, 401)
        const events = await loginFailures()
        assert.equal(events.length, before + 3)
        const reasons = events.map(({ detail }) => `${String(detail.method)} ${String(detail.reason)}`)
        assert.ok(reasons.includes(`cc ${reason}`), reasons.join(', '))
      })

    test('without a certificate and without a header: 401', async () => {
      assert.equal((await stage.request('POST', LOGIN)).status, 401)
      assert.equal((await stage.requestHttp2('POST', LOGIN)).status, 401)
    })

    test('T-MT-03 RFC 9440 §2 – a certificate in a header is none', async () => {
      const der = alice.certificate.raw.toString('base64')
      const pem = encodeURIComponent(alice.pem)
      const headers = {
        'client-cert': `:${der}:`,
        'client-cert-chain': `:${der}:`,
        'x-ssl-client-cert': pem,
        'x-ssl-client-verify': 'SUCCESS',
        'x-client-cert': pem,
        'x-forwarded-client-cert': `Cert="${pem}"`,
        'ssl-client-cert': pem,
      }
      assert.equal((await stage.request('POST', LOGIN, { headers })).status, 401)
    })

    test('T-MT-01 RFC 8446 §4.4.3 – a certificate without its key breaks the handshake', async () => {
      const other = await issueClient({})
      await assert.rejects(async () =>
        stage.request('POST', LOGIN, { certificate: { cert: alice.pem, key: other.keyPem } }),
      )
      assert.equal((await stage.request('GET', '/live')).status, 200)
    })

    test('the certificate signs its user in, over HTTP/1.1 and HTTP/2', async () => {
      const answer = await stage.request('POST', LOGIN, { certificate: asClient(alice) })
      assert.equal(answer.status, 200, answer.body)
      const { next_step, session_id } = answer.json()
      assert.equal(next_step, 'Authenticated')
      const session = await stage.server.deps.sessions.find(String(session_id))
      assert.equal(session?.username, 'alice')
      assert.equal(session?.authScheme, 'cc')
      assert.deepEqual(session?.amr, ['swk'])
      assert.match(String(answer.headers['set-cookie']), /^__Host-session\.main=/)
      const second = await stage.requestHttp2('POST', LOGIN, asClient(alice))
      assert.equal(second.status, 200, second.body)
    })

    test('a request with a body shows it as well', async () => {
      const certificate = asClient(alice)
      const json = { totp_code: '123456' }
      assert.equal((await stage.request('POST', LOGIN, { certificate, json })).status, 200)
      assert.equal((await stage.requestHttp2('POST', LOGIN, certificate, JSON.stringify(json))).status, 200)
    })

    test('with the intermediate that is sent along, over HTTP/1.1 and HTTP/2', async () => {
      const certificate = asClient(await stage.issueAlice(stage.intermediate), stage.intermediate)
      assert.equal((await stage.request('POST', LOGIN, { certificate })).status, 200)
      assert.equal((await stage.requestHttp2('POST', LOGIN, certificate)).status, 200)
    })

    test('the Authorization header is what the caller chose: it counts, and the certificate does not', async () => {
      const person = await stage.server.admin.createUser({ username: `bob-${kind}` })
      const certificate = asClient(alice)
      const wrongPassword = { authorization: basic('alice', 'not the password at all') }
      assert.equal((await stage.request('POST', LOGIN, { certificate, headers: wrongPassword })).status, 401)
      const right = { authorization: basic(person.username, person.password) }
      const answer = await stage.request('POST', LOGIN, { certificate, headers: right })
      const session = await stage.server.deps.sessions.find(String(answer.json().session_id))
      assert.equal(session?.username, person.username)
    })

    test('T-CS-01 Fetch §3.2 – the page of another site cannot use the certificate of who looks at it', async () => {
      const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
      assert.equal((await stage.request('POST', LOGIN, { certificate: asClient(alice), headers })).status, 403)
    })

    for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
      test(`T-MT-04 RFC 8446 §4.6.1 – a ${version} session is not resumed, so that every connection proves the key`, async () => {
        const versions = { minVersion: version, maxVersion: version }
        const certificate = asClient(await stage.issueAlice(stage.intermediate), stage.intermediate)
        const first = await stage.post(LOGIN, { ...versions, ...certificate })
        assert.equal(first.status, 200)
        const again = await stage.post(LOGIN, {
          ...versions,
          ...certificate,
          ...(first.session ? { session: first.session } : {}),
        })
        assert.deepEqual({ status: again.status, isResumed: again.isResumed }, { status: 200, isResumed: false })
        const bare = await stage.post(LOGIN, { ...versions, ...(first.session ? { session: first.session } : {}) })
        assert.deepEqual({ status: bare.status, isResumed: bare.isResumed }, { status: 401, isResumed: false })
        const asOther = await stage.post(LOGIN, {
          ...versions,
          ...(first.session ? { session: first.session } : {}),
          servername: 'other.example',
          checkServerIdentity: () => undefined,
        })
        assert.deepEqual({ status: asOther.status, isResumed: asOther.isResumed }, { status: 401, isResumed: false })
      })

    if (kind === 'own')
      test('T-MT-04 – the main port asks nobody for a certificate, and a session of it is worth nothing here', async () => {
        assert.equal((await stage.server.request('POST', LOGIN, { certificate: asClient(alice) })).status, 401)
      })
  })

describe('a login with a certificate that was revoked', () => {
  test('T-MT-01 RFC 5280 §6.3 – is refused from the moment at which the list says so, and so is every one when the list is too old', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'auth_server_lists-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const root = await issueAuthority({ subject: 'CN=Clients' })
    const lists = join(folder, 'clients.crl')
    writeFileSync(lists, (await issueList(root)).pem)
    let now = Date.now()
    const stage = await startCertificateServer('main', { lists, root, clock: { now: () => now } })
    t.after(() => stage.close())
    await stage.server.admin.createUser({ username: 'alice', certificate: { san_dns: ALICE } })
    const alice = await stage.issueAlice()
    const certificate = asClient(alice)
    assert.equal((await stage.request('POST', LOGIN, { certificate })).status, 200)
    writeFileSync(lists, (await issueList(root, { serialNumbers: [alice.certificate.serialNumber] })).pem)
    now += 3_000
    assert.equal((await stage.request('POST', LOGIN, { certificate })).status, 401)
    const other = asClient(await stage.issueAlice())
    assert.equal((await stage.request('POST', LOGIN, { certificate: other })).status, 200)
    now += 8 * 86_400_000
    assert.equal((await stage.request('POST', LOGIN, { certificate: other })).status, 401)
    assert.match(stage.server.logs.join(''), /the revocation list is out of date/)
    const { items } = await stage.server.store.realm('main').audit.list({ limit: 10 })
    const reasons = items.flatMap(({ type, detail }) => (type === 'auth_failure' ? [detail.reason] : []))
    assert.deepEqual(reasons, ['certificate_revocation_unknown', 'certificate_revoked'])
  })
})
