/** The first start: realms, and exactly one first administrator however many nodes and people try at once. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { SUPER_ADMINISTRATOR } from '../../../src/authentication/administrators.ts'
import { createFirstAdministrator } from '../../../src/authentication/first_administrator.ts'
import { createPasswordHashing } from '../../../src/authentication/password_hashing.ts'
import { bootstrap } from '../../../src/bootstrap.ts'
import { createStore, type Store } from '../../../src/storage/store.ts'
import type { User } from '../../../src/storage/users.ts'
import { systemClock } from '../../../src/system/clock.ts'
import { sha256 } from '../../../src/system/hashing.ts'
import { systemRandom } from '../../../src/system/random.ts'
import { browserMissing, launchBrowser } from '../../support/browser.ts'
import { readForm, send } from '../../support/client.ts'
import { forEachDialect, silentLog } from '../../support/databases.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const PASSWORD = 'a long enough passphrase'

const passwordHashing = createPasswordHashing(
  { memory_kib: 64, iterations: 1, parallelism: 1, max_concurrent: 2, max_queue: 200 },
  silentLog,
)

const administratorsOf = async (store: Store): Promise<User[]> => {
  const { items } = await store.realm('_').users.list({ limit: 200 })
  return items.filter((user) => user.roles.includes(SUPER_ADMINISTRATOR))
}

const clear = async (store: Store): Promise<void> => {
  await store.realms.delete('_')
  await store.realms.delete('main')
}

describe('the first administrator', () => {
  forEachDialect((_dialect, open) => {
    const opened = open()
    const depsFor = (initial: { username: string; password: string } | undefined) => ({
      config: {
        oauth_params: { issuer: 'https://issuer.example', default_realm: 'main' },
        initial_administrator: initial,
      },
      store: createStore(opened().database),
      passwordHashing,
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
    })

    test('T-AD-16 50 nodes that start at once make one administrator', async () => {
      const deps = depsFor({ username: 'root', password: PASSWORD })
      await clear(deps.store)
      await Promise.all(Array.from({ length: 50 }, () => bootstrap(deps)))
      const administrators = await administratorsOf(deps.store)
      assert.deepEqual(
        administrators.map((user) => user.username),
        ['root'],
      )
      const events = (await deps.store.realm('_').audit.list({ limit: 200 })).items
      assert.equal(events.filter((event) => event.type === 'administrator.created').length, 1)
    })

    test('T-AD-16 50 nodes that name different administrators make one of them', async () => {
      const store = createStore(opened().database)
      await clear(store)
      await Promise.all(
        Array.from({ length: 50 }, (_, index) => bootstrap(depsFor({ username: `root-${index}`, password: PASSWORD }))),
      )
      assert.equal((await administratorsOf(store)).length, 1)
    })

    test('T-AD-16 50 people with one setup link make one administrator', async () => {
      const deps = depsFor(undefined)
      await clear(deps.store)
      const { setupUrl = '' } = await bootstrap(deps)
      const setupTokenHash = sha256(setupUrl.split('/').at(-1) ?? '')
      const passwordHash = await passwordHashing.hash(PASSWORD)
      const create = createFirstAdministrator(deps)
      const first = { passwordHash, setupTokenHash, facts: undefined }
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, index) => create({ ...first, username: `root-${index}` })),
      )
      assert.equal(results.filter((isFirst) => isFirst).length, 1)
      assert.equal((await administratorsOf(deps.store)).length, 1)
    })

    test('T-AD-16 the links that several nodes print make one administrator', async () => {
      const deps = depsFor(undefined)
      await clear(deps.store)
      const starts = await Promise.all(Array.from({ length: 10 }, () => bootstrap(deps)))
      const passwordHash = await passwordHashing.hash(PASSWORD)
      const create = createFirstAdministrator(deps)
      const results = await Promise.all(
        starts.map(({ setupUrl = '' }, index) =>
          create({
            username: `root-${index}`,
            passwordHash,
            setupTokenHash: sha256(setupUrl.split('/').at(-1) ?? ''),
            facts: undefined,
          }),
        ),
      )
      assert.equal(results.filter((isFirst) => isFirst).length, 1)
      assert.equal((await administratorsOf(deps.store)).length, 1)
    })

    test('the environment is ignored when there is an administrator, and no link is printed', async () => {
      const deps = depsFor({ username: 'root', password: PASSWORD })
      await clear(deps.store)
      await bootstrap(deps)
      assert.deepEqual(await bootstrap(depsFor({ username: 'another', password: PASSWORD })), {})
      assert.deepEqual(await bootstrap(depsFor(undefined)), {})
      assert.equal((await administratorsOf(deps.store)).length, 1)
    })

    test('the first start makes the realms with their defaults, and the next leaves them as they are', async () => {
      const deps = depsFor({ username: 'root', password: PASSWORD })
      await clear(deps.store)
      await bootstrap(deps)
      const realm = await deps.store.realms.find('main')
      assert.equal(realm?.settings.session_max_age_seconds, 8 * 3_600)
      assert.equal(realm?.settings.session_max_stale_age_seconds, 3_600)
      assert.ok(realm?.settings.auth_params.username_password_params)
      const changed = { ...realm.settings, session_max_age_seconds: 60 }
      await deps.store.realms.update('main', changed, systemClock.now())
      await bootstrap(deps)
      assert.equal((await deps.store.realms.find('main'))?.settings.session_max_age_seconds, 60)
    })

    test('T-OP-03 an administrator who cannot be created leaves the setup link', async () => {
      const deps = depsFor({ username: 'root\u202e', password: PASSWORD })
      await clear(deps.store)
      assert.match((await bootstrap(deps)).setupUrl ?? '', /^https:\/\/issuer\.example\/setup\/[A-Za-z0-9_-]{43}$/)
      assert.deepEqual(await administratorsOf(deps.store), [])
    })
  })
})

describe('the setup page in a browser', { skip: browserMissing() }, () => {
  test('a person creates the first administrator, without a script', async (t) => {
    const server = await startServer({ env: {} })
    t.after(() => server.close())
    const browser = await launchBrowser()
    t.after(() => browser.close())
    const { page, problems } = await browser.visit({ javaScriptEnabled: false })
    await page.goto((await bootstrap(server.deps)).setupUrl ?? '')
    await page.fill('#username', 'root')
    await page.fill('#password', PASSWORD)
    await page.fill('#password_again', PASSWORD)
    await page.click('#create')
    assert.equal(await page.textContent('h1'), 'Administrator created')
    assert.deepEqual(problems, [])
    assert.equal((await administratorsOf(server.store)).length, 1)
  })
})

describe('the setup page', () => {
  let server: TestServer
  let now = systemClock.now()
  let link = ''

  /** A server without an administrator, and the link that it would print. */
  before(async () => {
    server = await startServer({ env: {}, clock: { now: () => now } })
  })
  after(() => server.close())

  const printLink = async (): Promise<void> => {
    link = new URL((await bootstrap(server.deps)).setupUrl ?? '').pathname
  }

  const form = async (changes: Record<string, string> = {}): Promise<Record<string, string>> => {
    const page = await send(server, 'GET', link)
    const fields = readForm(page.body)?.fields ?? {}
    return { ...fields, username: 'root', password: PASSWORD, password_again: PASSWORD, ...changes }
  }

  test('T-AD-16 a link that never existed shows nothing', async () => {
    for (const token of ['x', 'A'.repeat(43), '%00', 'A'.repeat(400)]) {
      const answer = await send(server, 'GET', `/setup/${token}`)
      assert.equal(answer.status, token === '%00' ? 400 : 404)
      assert.equal(readForm(answer.body), undefined)
    }
  })

  test('only the link that was printed last works', async () => {
    await printLink()
    const former = link
    await printLink()
    assert.equal((await send(server, 'GET', former)).status, 404)
    assert.equal((await send(server, 'GET', link)).status, 200)
  })

  test('a link is good for a day', async () => {
    await printLink()
    now += 86_400_000
    assert.equal((await send(server, 'GET', link)).status, 404)
  })

  test('T-CS-01 a form of another site or without the token of the page is refused', async () => {
    await printLink()
    const fields = await form()
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
    ]
    for (const headers of foreign)
      assert.equal((await send(server, 'POST', link, { form: fields, headers })).status, 403)
    assert.equal((await send(server, 'POST', link, { form: { ...fields, csrf: 'x' } })).status, 403)
    assert.equal((await send(server, 'POST', link, { json: fields })).status, 415)
    assert.deepEqual(await administratorsOf(server.store), [])
  })

  test('what is wrong is said on the page, which keeps the name and never the password', async () => {
    await printLink()
    const wrong: [Record<string, string>, RegExp][] = [
      [{ password_again: 'something else' }, /two passwords differ/],
      [{ password: 'short', password_again: 'short' }, /at least 8 characters/],
      [{ password: 'password1', password_again: 'password1' }, /most common/],
      [{ username: 'ro:ot' }, /colon/],
    ]
    for (const [changes, message] of wrong) {
      const answer = await send(server, 'POST', link, { form: await form(changes) })
      assert.equal(answer.status, 422)
      assert.match(answer.body, message)
      assert.equal(readForm(answer.body)?.fields.username, changes.username ?? 'root')
      assert.equal(readForm(answer.body)?.fields.password, '')
      assert.ok(!answer.body.includes(changes.password ?? PASSWORD))
    }
    assert.deepEqual(await administratorsOf(server.store), [])
  })

  test('T-AD-16 the link works once: 50 forms at the same time make one administrator, who can sign in', async () => {
    await printLink()
    const fields = await form()
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        send(server, 'POST', link, { form: { ...fields, username: `root-${index}` } }),
      ),
    )
    assert.deepEqual(answers.map((answer) => answer.status).filter((status) => status === 200).length, 1)
    assert.ok(answers.every((answer) => answer.status === 200 || answer.status === 404))
    const [administrator, ...others] = await administratorsOf(server.store)
    assert.deepEqual(others, [])
    assert.equal((await send(server, 'GET', link)).status, 404)
    const authorization = `Basic ${Buffer.from(`${administrator?.username}:${PASSWORD}`).toString('base64')}`
    assert.equal((await send(server, 'POST', '/login?realm=_', { headers: { authorization } })).status, 200)
    assert.ok(!server.logs.join('').includes(PASSWORD))
  })
})
