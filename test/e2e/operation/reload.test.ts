/** Configuration that changes while the server runs: what it can take on, what waits for the next start, and what is refused. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { connect } from 'node:tls'
import { parse, stringify } from 'smol-toml'
import { basic, send } from '../../support/client.ts'
import { type OwnCertificates, prepareOwnCertificates, shownSerial } from '../../support/own_certificates.ts'
import { until } from '../../support/patience.ts'
import { asClient, issueAuthority, issueClient } from '../../support/pki.ts'
import { type ServerProcess, startServerProcess } from '../../support/server.ts'

type Line = { msg: string; changed?: string[]; keys?: string[]; problems?: string[] }

describe('reload', () => {
  let own: OwnCertificates
  let server: ServerProcess

  before(async () => {
    own = await prepareOwnCertificates()
    server = await startServerProcess({ prepared: own.prepared })
  })
  after(async () => {
    await server?.close()
    await own?.remove()
  })

  const linesOf = (message: RegExp): Line[] =>
    server
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line)
      .filter(({ msg }) => message.test(msg))

  /** Sends SIGHUP and waits for the one line that says what came of it. */
  const hangUp = async (): Promise<Line> => {
    const outcome = /^configuration (?:reloaded|not reloaded|read again)/
    const before = linesOf(outcome).length
    server.child.kill('SIGHUP')
    await until('the outcome of a reload', () => linesOf(outcome).length > before)
    return linesOf(outcome).at(-1) as Line
  }

  const edit = (change: (config: Record<string, Record<string, unknown>>) => void): string => {
    const before = readFileSync(own.prepared.configFile, 'utf8')
    const config = parse(before) as Record<string, Record<string, unknown>>
    change(config)
    writeFileSync(own.prepared.configFile, stringify(config))
    return before
  }

  const tableOf = (config: Record<string, Record<string, unknown>>, name: string): Record<string, unknown> => {
    config[name] ??= {}
    return config[name]
  }

  test('a file that is broken changes nothing, and every problem is named', async () => {
    const before = edit((config) => {
      tableOf(config, 'log_params').level = 'loud'
      tableOf(config, 'server_params').trusted_proxies = ['0.0.0.0/0']
    })
    const line = await hangUp()
    writeFileSync(own.prepared.configFile, before)
    assert.match(line.msg, /^configuration not reloaded/)
    assert.equal(line.problems?.length, 2)
    assert.match(String(line.problems), /log_params\.level: found "loud"/)
    assert.match(String(line.problems), /server_params\.trusted_proxies/)
    assert.equal((await server.request('GET', '/ready')).status, 200)
  })

  test('a file that says the same is read, and nothing happens', async () => {
    assert.deepEqual((await hangUp()).changed, [])
  })

  test('the log level is the one of the file', async () => {
    const requests = () => linesOf(/^request$/).length
    const before = edit((config) => {
      tableOf(config, 'log_params').level = 'error'
    })
    server.child.kill('SIGHUP')
    await until('no more request lines', async () => {
      const count = requests()
      await server.request('GET', '/live')
      await server.request('GET', '/live')
      return requests() === count
    })
    writeFileSync(own.prepared.configFile, before)
    assert.deepEqual((await hangUp()).changed, ['log_params.level'])
    const count = requests()
    await server.request('GET', '/live')
    await until('a request line again', () => requests() > count)
  })

  test('T-IS-04 – X-Forwarded-For is believed of the proxies that the file names now', async () => {
    const askedBy = async (): Promise<string> => {
      const headers = { 'x-forwarded-for': '203.0.113.7', authorization: basic('nobody', 'wrong-password') }
      const answer = await server.request('POST', '/login?realm=main', { headers })
      assert.equal(answer.status, 401)
      const addresses = () => linesOf(/^request$/).filter((line) => 'route' in line && line.route === '/login')
      return (addresses().at(-1) as unknown as { ip: string }).ip
    }
    await until('the line of a request', async () => (await askedBy()) === '127.0.0.1')
    const before = edit((config) => {
      tableOf(config, 'server_params').trusted_proxies = ['127.0.0.0/8']
    })
    assert.deepEqual((await hangUp()).changed, ['server_params.trusted_proxies'])
    await until('the forwarded address', async () => (await askedBy()) === '203.0.113.7')
    writeFileSync(own.prepared.configFile, before)
    await hangUp()
    await until('the address of the connection', async () => (await askedBy()) === '127.0.0.1')
  })

  test('the outbound proxy changes, and its password is in no line', async () => {
    const before = edit((config) => {
      config.proxy_params = {
        url: 'http://127.0.0.1:3128',
        basic_auth_username: 'proxy',
        basic_auth_password: 'canary-of-the-proxy',
      }
    })
    const line = await hangUp()
    assert.ok(line.changed?.includes('proxy_params.url'), String(line.changed))
    writeFileSync(own.prepared.configFile, before)
    await hangUp()
    assert.doesNotMatch(server.output(), /canary-of-the-proxy/)
  })

  test('what cannot change while the server runs is named, and waits', async () => {
    const before = edit((config) => {
      tableOf(config, 'oauth_params').code_ttl_secs = 30
      tableOf(config, 'server_params').request_timeout_secs = 9
    })
    const waiting = () => linesOf(/wait for the next start/)
    const count = waiting().length
    assert.deepEqual((await hangUp()).changed, [])
    await until('a warning', () => waiting().length > count)
    assert.deepEqual(waiting().at(-1)?.keys, ['oauth_params.code_ttl_secs', 'server_params.request_timeout_secs'])
    writeFileSync(own.prepared.configFile, before)
    await hangUp()
  })

  test('F-20 – a certificate that is replaced is shown without a signal, and open connections go on', async () => {
    const next = await own.issue()
    const before = await shownSerial(own.prepared)
    own.install(next)
    await until('the new certificate', async () => (await shownSerial(own.prepared)) === next.certificate.serialNumber)
    assert.notEqual(before, next.certificate.serialNumber)
    await until('a line', () =>
      linesOf(/^configuration reloaded/).some(({ changed }) => String(changed).includes('tls_params')),
    )
    assert.equal((await server.request('GET', '/ready')).status, 200)
  })

  test('T-MT-05 – after a reload, too, there is no TLS before 1.2', async () => {
    for (const [maxVersion, isServed] of [
      ['TLSv1.1', false],
      ['TLSv1.2', true],
    ] as const)
      await new Promise<void>((resolve, reject) => {
        const socket = connect({
          host: '127.0.0.1',
          port: own.prepared.port,
          servername: 'localhost',
          ca: own.prepared.ca,
          minVersion: 'TLSv1',
          maxVersion,
          ciphers: 'DEFAULT@SECLEVEL=0',
        })
        const end = (wasServed: boolean) => (wasServed === isServed ? resolve() : reject(new Error(maxVersion)))
        socket.once('secureConnect', () => {
          end(true)
          socket.destroy()
        })
        socket.once('error', () => end(false))
      })
  })
})

describe('reload of the authorities of client certificates', () => {
  test('F-20 – a certificate of an authority that came is believed, and one of the authority that went is not', async (t) => {
    const [former, next] = await Promise.all(['CN=Former', 'CN=Next'].map((subject) => issueAuthority({ subject })))
    assert.ok(former && next)
    const own = await prepareOwnCertificates()
    t.after(() => own.remove())
    const file = `${own.prepared.folder}/clients.crt`
    writeFileSync(file, former.pem)
    const config = parse(readFileSync(own.prepared.configFile, 'utf8')) as Record<string, Record<string, unknown>>
    assert.ok(config.tls_params)
    config.tls_params.client_ca_cert_chain = file
    writeFileSync(own.prepared.configFile, stringify(config))
    const server = await startServerProcess({ prepared: own.prepared })
    t.after(() => server.close())
    await server.admin.updateRealm('main', { auth_params: { client_certificate_params: { subject_from: 'san_dns' } } })
    await server.admin.createUser({ certificate: { san_dns: 'alice.example' } })
    const names = [{ type: 'dns' as const, value: 'alice.example' }]
    const [old, young] = await Promise.all([former, next].map((ca) => issueClient({ subject: 'CN=alice', names }, ca)))
    assert.ok(old && young)
    const login = async (client: typeof old): Promise<number> =>
      (await send(own.prepared, 'POST', '/login?realm=main', { certificate: asClient(client) })).status
    assert.deepEqual([await login(old), await login(young)], [200, 401])
    writeFileSync(file, next.pem)
    await until('the next authority', async () => (await login(young)) === 200)
    assert.equal(await login(old), 401)
  })
})
