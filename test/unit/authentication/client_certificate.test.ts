/** Signing in with a client certificate, over a real database and real revocation lists. */
import 'reflect-metadata'
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import * as x509 from '@peculiar/x509'
import { createClientCertificateAuthentication } from '../../../src/authentication/client_certificate.ts'
import type { AuthParams } from '../../../src/oauth/realm_settings.ts'
import { migrate } from '../../../src/storage/migrate.ts'
import { createRealmDirectory, type Realm } from '../../../src/storage/realm_directory.ts'
import { createStore, type Store } from '../../../src/storage/store.ts'
import type { User } from '../../../src/storage/users.ts'
import { createLog } from '../../../src/system/log.ts'
import { systemRandom } from '../../../src/system/random.ts'
import { createTestDatabase, silentLog, type TestDatabase } from '../../support/databases.ts'
import { type Issued, issueAuthority, issueClient, issueList, presented } from '../../support/pki.ts'
import { aUser, NOW, settings } from '../../support/storage_fixtures.ts'

const DAY_MS = 86_400_000
const facts = { ip: '192.0.2.7', requestId: 'request' }

const root = await issueAuthority({ subject: 'CN=Root' })
const stranger = await issueAuthority({ subject: 'CN=Stranger' })
const intermediate = await issueAuthority({ subject: 'CN=Intermediate', serialNumber: '77' }, root)
const DNS = (value: string) => ({ type: 'dns' as const, value })
const leaf = await issueClient({ names: [DNS('alice.example')], serialNumber: '00a1' }, root)

const folder = mkdtempSync(join(tmpdir(), 'auth_server_lists-'))
after(() => rmSync(folder, { recursive: true, force: true }))

let test_: TestDatabase
let store: Store
before(async () => {
  test_ = await createTestDatabase('sqlite')
  const database = test_.connect()
  await migrate(database, 'primary', silentLog)
  store = createStore(database)
})
after(() => test_.drop())

const createRealm = async (auth_params: AuthParams): Promise<Realm> => {
  const id = systemRandom.id()
  await store.realms.insert({ id, settings: { ...settings, auth_params }, now: NOW })
  const clock = { now: () => NOW }
  const realms = createRealmDirectory({ store, clock, issuer: 'https://issuer.example', defaultRealm: id })
  const realm = await realms.open(id)
  assert.ok(realm)
  return realm
}

const createUser = async (realm: Realm, changes: Partial<User>): Promise<User> => {
  const user = aUser({ realmId: realm.id, ...changes })
  await realm.store.users.insert(user)
  return user
}

type Options = { lists?: string; now?: () => number; lines?: string[]; authorities?: Issued[] }

const create = ({ lists, now = Date.now, lines = [], authorities = [root] }: Options = {}) =>
  createClientCertificateAuthentication({
    config: { pem: { client_ca: authorities.map(({ pem }) => pem).join('') }, tls_params: { client_crl: lists } },
    clock: { now },
    log: createLog({ level: 'info', pretty: false }, { write: (line) => void lines.push(line) }),
  })

const byDns: AuthParams = { client_certificate_params: { subject_from: 'san_dns' } }

const reasonOf = async (realm: Realm, shown: Issued, options: Options = {}): Promise<string | undefined> => {
  const proof = await create(options).prove(realm, { certificate: presented(shown) }, facts)
  return proof.isProved ? undefined : proof.reason
}

describe('RFC 8705 §2.1 – a login with a certificate that is refused', () => {
  test('in a realm where the method is off', async () => {
    const realm = await createRealm({ username_password_params: { allow_expired_passwords: false } })
    await createUser(realm, { certificate: { san_dns: 'alice.example' } })
    assert.equal(await reasonOf(realm, leaf), 'method_off')
  })

  test('T-MT-01 RFC 8705 §2.1 – of another CA', async () => {
    const realm = await createRealm(byDns)
    await createUser(realm, { certificate: { san_dns: 'alice.example' } })
    const shown = await issueClient({ names: [DNS('alice.example')] }, stranger)
    assert.equal(await reasonOf(realm, shown), 'certificate_unknown_issuer')
  })

  test('of nobody', async () => {
    assert.equal(await reasonOf(await createRealm(byDns), leaf), 'unknown_user')
  })

  test('of a user of another realm', async () => {
    await createUser(await createRealm(byDns), { certificate: { san_dns: 'alice.example' } })
    assert.equal(await reasonOf(await createRealm(byDns), leaf), 'unknown_user')
  })

  test('T-LC-01 of a user who is disabled', async () => {
    const realm = await createRealm(byDns)
    await createUser(realm, { certificate: { san_dns: 'alice.example' }, enabled: false })
    assert.equal(await reasonOf(realm, leaf), 'disabled')
  })

  test('T-MT-02 RFC 8705 §2.1.2 – whose user is registered by another field than the realm goes by', async () => {
    const realm = await createRealm({ client_certificate_params: { subject_from: 'subject_dn' } })
    await createUser(realm, { certificate: { san_dns: 'alice.example' } })
    assert.equal(await reasonOf(realm, leaf), 'unknown_user')
  })

  test('T-MT-02 RFC 8705 §2.1.2 – without the field', async () => {
    const realm = await createRealm({ client_certificate_params: { subject_from: 'san_email' } })
    await createUser(realm, { certificate: { san_dns: 'alice.example' } })
    assert.equal(await reasonOf(realm, leaf), 'certificate_without_name')
  })

  test('T-MT-02 RFC 8705 §2.1.2 – that names two users', async () => {
    const realm = await createRealm(byDns)
    await createUser(realm, { certificate: { san_dns: 'a.example' } })
    await createUser(realm, { certificate: { san_dns: 'b.example' } })
    const shown = await issueClient({ names: [DNS('a.example'), DNS('b.example')] }, root)
    assert.equal(await reasonOf(realm, shown), 'certificate_of_several_users')
  })
})

describe('RFC 8705 §2.1 – a login with a certificate', () => {
  test('by each of the fields', async () => {
    const email = { type: 'email' as const, value: 'alice@example.com' }
    const shown = await issueClient({ subject: 'C=DE, CN=alice', names: [DNS('alice.example'), email] }, root)
    const thumbprint = Buffer.from(shown.certificate.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url')
    const names = {
      subject_dn: 'CN=alice,C=DE',
      san_dns: 'ALICE.example',
      san_email: 'alice@EXAMPLE.com',
      x5t_s256: thumbprint,
    }
    for (const [kind, value] of Object.entries(names)) {
      const subject_from = kind as keyof typeof names
      const realm = await createRealm({ client_certificate_params: { subject_from } })
      const user = await createUser(realm, { certificate: { [kind]: value } })
      const proof = await create().prove(realm, { certificate: presented(shown) }, facts)
      // RFC 8176 §2 – a key was proved, which hardware may or may not keep.
      assert.deepEqual(proof, { isProved: true, user, amr: ['swk'], isPasswordExpired: false }, kind)
    }
  })
})

let count = 0
const put = (content: string | Buffer): string => {
  const file = join(folder, `${++count}.crl`)
  writeFileSync(file, content)
  return file
}

describe('T-MT-01 RFC 5280 §6.3 – revocation lists', () => {
  const problemOf = (file: string | undefined, shown: Issued, options: Options & { chain?: Issued[] } = {}) =>
    create({ ...options, ...(file ? { lists: file } : {}) }).validate(presented(shown, ...(options.chain ?? [])))
      .problem

  test('a certificate on the list is refused, in PEM and in DER', async () => {
    const { pem, der } = await issueList(root, { serialNumbers: ['00a1'] })
    assert.equal(problemOf(put(pem), leaf), 'certificate_revoked')
    assert.equal(problemOf(put(der), leaf), 'certificate_revoked')
    assert.equal(
      problemOf(put(`${(await issueList(stranger)).pem}${pem}`), leaf, { authorities: [root, stranger] }),
      'certificate_revoked',
    )
  })

  test('one that is not on it is not', async () => {
    const { pem } = await issueList(root, { serialNumbers: ['a10000', '01a1'] })
    assert.equal(problemOf(put(pem), leaf), undefined)
    assert.equal(problemOf(put((await issueList(root)).pem), leaf), undefined)
  })

  test('an intermediate on the list takes with it what it has issued', async () => {
    const below = await issueClient({}, intermediate)
    const own = (await issueList(intermediate)).pem
    const chain = { authorities: [root, intermediate] }
    assert.equal(problemOf(put(own), below, chain), undefined)
    assert.equal(
      problemOf(put(own + (await issueList(root, { serialNumbers: ['77'] })).pem), below, chain),
      'certificate_revoked',
    )
  })

  test('RFC 5280 §5.2.5 – a list of authorities says nothing of others', async () => {
    const scope = (hex: string) => [new x509.Extension('2.5.29.28', true, Buffer.from(hex, 'hex'))]
    const users = (await issueList(root, { serialNumbers: ['00a1'], extensions: scope('30038101ff') })).pem
    const authorities = (await issueList(root, { serialNumbers: ['00a1'], extensions: scope('30038201ff') })).pem
    assert.equal(problemOf(put(users), leaf), 'certificate_revoked')
    assert.equal(problemOf(put(authorities), leaf), 'certificate_revocation_unknown')
  })

  test('no list of the CA that has issued the certificate: refused, and the log says so', async () => {
    const lines: string[] = []
    const file = put((await issueList(stranger)).pem)
    assert.equal(problemOf(file, leaf, { authorities: [root, stranger], lines }), 'certificate_revocation_unknown')
    assert.match(lines.join(''), /"level":50.*no revocation list of the CA/)
  })

  test('RFC 5280 §5.1.2.5 – a list that is out of date: refused, and the log says so once a minute', async () => {
    const lines: string[] = []
    let now = Date.now()
    const file = put((await issueList(root, { days: [-1, 1] })).pem)
    const methods = create({ lists: file, now: () => now, lines })
    assert.equal(methods.validate(presented(leaf)).problem, undefined)
    assert.deepEqual(lines, [])
    now += 2 * DAY_MS
    assert.equal(methods.validate(presented(leaf)).problem, 'certificate_revocation_unknown')
    now += 30_000
    methods.validate(presented(leaf))
    assert.equal(lines.length, 1)
    assert.match(lines[0] ?? '', /out of date/)
    now += 31_000
    methods.validate(presented(leaf))
    assert.equal(lines.length, 2)
  })

  test('RFC 5280 §5.1.2.4 – a list of tomorrow is none', async () => {
    assert.equal(problemOf(put((await issueList(root, { days: [1, 2] })).pem), leaf), 'certificate_revocation_unknown')
  })

  test('a file that is not there: refused', () => {
    assert.equal(problemOf(join(folder, 'absent.crl'), leaf), 'certificate_revocation_unknown')
  })

  test('the file is read again when it has changed, seconds later at most', async () => {
    let now = Date.now()
    const file = put((await issueList(root)).pem)
    const methods = create({ lists: file, now: () => now })
    assert.equal(methods.validate(presented(leaf)).problem, undefined)
    writeFileSync(file, (await issueList(root, { serialNumbers: ['00a1'] })).pem)
    utimesSync(file, now / 1000 + 5, now / 1000 + 5)
    assert.equal(methods.validate(presented(leaf)).problem, undefined)
    now += 2_000
    assert.equal(methods.validate(presented(leaf)).problem, 'certificate_revoked')
  })

  test('a file that is broken leaves the lists that are known in force, and the log says so', async () => {
    let now = Date.now()
    const lines: string[] = []
    const file = put((await issueList(root, { serialNumbers: ['00a1'] })).pem)
    const methods = create({ lists: file, now: () => now, lines })
    assert.equal(methods.validate(presented(leaf)).problem, 'certificate_revoked')
    writeFileSync(file, '-----BEGIN X509 CRL-----\n')
    now += 2_000
    assert.equal(methods.validate(presented(leaf)).problem, 'certificate_revoked')
    assert.match(lines.join(''), /no revocation list.*cannot be read/)
    writeFileSync(file, (await issueList(root)).pem)
    now += 2_000
    assert.equal(methods.validate(presented(leaf)).problem, undefined)
  })
})
