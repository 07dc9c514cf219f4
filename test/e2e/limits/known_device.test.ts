/** T-BF-06 – whoever guesses is slowed down, and the owner is not locked out: on the pages and by POST /login. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Answer, type Browser, basic, type RequestOptions } from '../../support/client.ts'
import { createPkce, type Person, type TestClient } from '../../support/oauth.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const NAME = '__Host-device.main'
const ENTRY = /^[A-Za-z0-9_-]{43}\.[0-9a-z]+\.[A-Za-z0-9_-]{43}$/

describe('a device that is known', () => {
  let server: TestServer
  let client: TestClient
  let people = 0
  let now = Date.now()

  before(async () => {
    server = await startServer({
      clock: { now: () => now },
      config: { server_params: { trusted_proxies: ['127.0.0.1/32'] } },
    })
    client = await server.admin.createClient({ consent: 'skip' })
  })
  after(() => server.close())

  const newPerson = (): Promise<Person> => server.admin.createUser({ username: `person-${++people}` })

  const login = (
    { username, password }: Person,
    from: string,
    { cookie, headers }: RequestOptions = {},
  ): Promise<Answer> =>
    server.request('POST', '/login?realm=main', {
      ...(cookie === undefined ? {} : { cookie }),
      headers: { authorization: basic(username, password), 'x-forwarded-for': from, ...headers },
    })

  const wrong = (person: Person, from: string, options?: RequestOptions): Promise<Answer> =>
    login({ ...person, password: 'a wrong password' }, from, options)

  const deviceIn = (answer: Answer): string => {
    const [cookie] = (answer.headers['set-cookie'] ?? []).filter((line) => line.startsWith(`${NAME}=`))
    assert.ok(cookie, answer.body)
    return cookie.split(';')[0] ?? ''
  }

  /** One guess each from so many networks; how many were looked at. */
  const botnet = async (person: Person, sources: number): Promise<number> => {
    let looked = 0
    for (let start = 0; start < sources; start += 50) {
      const guesses = Array.from({ length: Math.min(50, sources - start) }, (_, index) => start + index)
      const answers = await Promise.all(
        guesses.map((source) => wrong(person, `10.${source >> 16}.${(source >> 8) & 255}.${source & 255}`)),
      )
      for (const { status, headers } of answers) {
        if (status === 429) assert.ok(Number(headers['retry-after']) >= 1)
        else assert.equal(status, 401)
      }
      looked += answers.filter(({ status }) => status === 401).length
    }
    return looked
  }

  const onPages = async (person: Person, browser: Browser = server.browser()): Promise<Browser> => {
    const parameters = server.oauth.authorizationParameters(client, createPkce().challenge, { prompt: 'login' })
    const answer = await server.oauth.authorize(browser, client, parameters, person)
    assert.ok('parameters' in answer && answer.parameters.has('code'))
    return browser
  }

  test('T-SE-12 – its cookie is host-only, Secure, HttpOnly, SameSite=Lax and lasts a year, at POST /login and on the pages', async () => {
    const person = await newPerson()
    const answer = await login(person, '203.0.113.1')
    const cookie = (answer.headers['set-cookie'] ?? []).find((line) => line.startsWith(NAME)) ?? ''
    const attributes = cookie.split('; ').slice(1).sort()
    assert.deepEqual(attributes, ['HttpOnly', 'Max-Age=31536000', 'Path=/', 'SameSite=Lax', 'Secure'])
    assert.match(deviceIn(answer).slice(NAME.length + 1), ENTRY)
    assert.match((await onPages(person)).jar.get(NAME) ?? '', ENTRY)
  })

  test('who did not sign in to the end gets none', async () => {
    const person = await newPerson()
    assert.equal((await wrong(person, '203.0.113.1')).headers['set-cookie'], undefined)
  })

  test('T-BF-06 – one attacker in one network gets ten guesses, and nobody else notices', async () => {
    const person = await newPerson()
    const known = deviceIn(await login(person, '203.0.113.2'))
    const answers: Answer[] = []
    for (let address = 0; address < 60; address++) answers.push(await wrong(person, `2001:db8:bad:1::${address}`))
    assert.equal(answers.filter(({ status }) => status === 401).length, 10)
    assert.equal((await login(person, '2001:db8:bad:1::ffff')).status, 429)
    assert.equal((await login(person, '198.51.100.4')).status, 200)
    assert.equal((await login(person, '2001:db8:bad:1::ffff', { cookie: known })).status, 200)
  })

  test('T-BF-06 NIST SP 800-63B §3.2.2 – 2,000 sources get a hundred guesses and a few more; the owner gets in', async () => {
    const person = await newPerson()
    const known = deviceIn(await login(person, '203.0.113.3'))
    const looked = await botnet(person, 2_000)
    assert.ok(looked >= 100 && looked <= 101, `${looked} were looked at`)
    assert.equal((await login(person, '198.51.100.5', { cookie: known })).status, 200, 'by the known device')
    assert.equal((await login(person, '203.0.113.3')).status, 200, 'from where it was right before')
    const waiting = await login(person, '198.51.100.6')
    assert.equal(waiting.status, 429)
    now += Number(waiting.headers['retry-after']) * 1000
    assert.equal((await login(person, '198.51.100.6')).status, 200, 'from anywhere, after the delay')
  })

  test('T-BF-01 T-BF-06 – for a name that nobody has it is all the same', async () => {
    const nobody = { username: 'no such person', password: 'a passphrase of the tests 7' }
    const looked = await botnet(nobody, 300)
    assert.ok(looked >= 100 && looked <= 101, `${looked} were looked at`)
    const waiting = await login(nobody, '198.51.100.7')
    assert.equal(waiting.status, 429)
    assert.ok(Number(waiting.headers['retry-after']) >= 1)
  })

  test('T-BF-06 – on the pages too: the owner signs in in the browser that is known, while another one is told to wait', async () => {
    const person = await newPerson()
    const browser = await onPages(person)
    for (let guess = 0; guess < 10; guess++) await wrong(person, '127.0.0.1')
    const parameters = server.oauth.authorizationParameters(client, createPkce().challenge)
    const stranger = await server.oauth.authorize(server.browser(), client, parameters, person).catch(String)
    assert.match(String(stranger), /the pages lead in a circle/)
    await onPages(person, browser)
  })

  test('a device has ten guesses of its own', async () => {
    const person = await newPerson()
    const cookie = deviceIn(await login(person, '203.0.113.8'))
    for (let guess = 0; guess < 10; guess++) assert.equal((await wrong(person, '203.0.113.8', { cookie })).status, 401)
    assert.equal((await login(person, '203.0.113.9', { cookie })).status, 429)
    assert.equal((await login(person, '203.0.113.9')).status, 200)
  })

  test('it is known for whoever signed in with it, and for nobody else', async () => {
    const [first, second, third] = [await newPerson(), await newPerson(), await newPerson()]
    const alone = deviceIn(await login(first, '203.0.113.10'))
    const shared = deviceIn(await login(second, '203.0.113.10', { cookie: alone }))
    assert.equal(shared.split('~').length, 2)
    for (const person of [first, second, third])
      for (let guess = 0; guess < 10; guess++) await wrong(person, '10.9.9.9')
    for (const [person, status] of [
      [first, 200],
      [second, 200],
      [third, 429],
    ] as const)
      assert.equal((await login(person, '10.9.9.9', { cookie: shared })).status, status)
  })

  test('a new password ends it, and the one who changed it has the next', async () => {
    const person = await newPerson()
    const browser = server.browser()
    const headers = { authorization: basic(person.username, person.password) }
    await browser.request('POST', '/login?realm=main', { headers })
    const old = `${NAME}=${browser.jar.get(NAME)}`
    const json = { current_password: person.password, new_password: 'another passphrase of the tests 8' }
    now += 1_000
    assert.equal((await browser.request('POST', '/password?realm=main', { json })).status, 200)
    const next = `${NAME}=${browser.jar.get(NAME)}`
    assert.notEqual(next, old)
    const changed = { ...person, password: json.new_password }
    for (let guess = 0; guess < 10; guess++) await wrong(person, '10.9.9.11')
    assert.equal((await login(changed, '10.9.9.11', { cookie: old })).status, 429)
    assert.equal((await login(changed, '10.9.9.11', { cookie: next })).status, 200)
  })

  test('nobody can make one up, carry it to another realm, or use it when a year is over', async () => {
    const person = await newPerson()
    const cookie = deviceIn(await login(person, '203.0.113.11'))
    const [id = '', expires = '', mac = ''] = cookie.slice(NAME.length + 1).split('.')
    const later = (parseInt(expires, 36) + 1).toString(36)
    for (let guess = 0; guess < 10; guess++) await wrong(person, '10.9.9.10')
    const entry = `${id}.${expires}.${mac}`
    for (const forged of [
      `${NAME}=${id}.${later}.${mac}`,
      `${NAME}=${id.split('').reverse().join('')}.${expires}.${mac}`,
      `${NAME}=${id}.${expires}.${'A'.repeat(43)}`,
      `${NAME}=${'x'.repeat(4_000)}`,
      `${NAME}=${'~'.repeat(4_000)}`,
      `${NAME}=${entry}; ${NAME}=${entry}`,
      `__Host-device._=${entry}`,
    ])
      assert.equal((await login(person, '10.9.9.10', { cookie: forged })).status, 429, forged.slice(0, 60))
    assert.equal((await login(person, '10.9.9.10', { cookie })).status, 200)
    now += 366 * 86_400_000
    for (let guess = 0; guess < 10; guess++) await wrong(person, '10.9.9.10')
    assert.equal((await login(person, '10.9.9.10', { cookie })).status, 429)
  })
})
