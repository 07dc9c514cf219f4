/** Outbound requests through a proxy that is a process of its own, to servers that are real. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { createOutbound, OutboundError, type Resolve } from '../../../src/system/outbound.ts'
import type { ProxyParams } from '../../../src/system/proxy.ts'
import { type HttpProxy, startHttpProxy } from '../../support/http_proxy.ts'
import { type IdentityProvider, startIdentityProvider } from '../../support/identity_provider.ts'
import { testCertificates } from '../../support/server.ts'

const BASIC = `Basic ${Buffer.from('proxy user:p:w €').toString('base64')}`
const CUSTOM = 'Negotiate YIIabc=='

describe('the outbound proxy', () => {
  let ca: string
  let secure: IdentityProvider
  let plain: IdentityProvider
  let plain6: IdentityProvider
  let open: HttpProxy
  let basic: HttpProxy
  let custom: HttpProxy

  before(async () => {
    const pem = await testCertificates()
    ca = readFileSync(pem.authority, 'utf8')
    const tls = { key: readFileSync(pem.key, 'utf8'), cert: readFileSync(pem.certificate, 'utf8') }
    secure = await startIdentityProvider({ tls })
    plain = await startIdentityProvider()
    plain6 = await startIdentityProvider({ host: '::1' })
    open = await startHttpProxy()
    basic = await startHttpProxy(BASIC)
    custom = await startHttpProxy(CUSTOM)
  })
  after(async () => {
    for (const made of [secure, plain, plain6, open, basic, custom]) await made.close()
  })

  const outboundThrough = (proxy: ProxyParams, resolve: Resolve = async () => ['127.0.0.1']) =>
    createOutbound({ allowLoopback: true, allowedNetworks: [], ca, proxy, resolve })

  /** How often the proxy was asked, once everything it said has arrived. */
  const askedOf = async (proxy: HttpProxy): Promise<number> => {
    await new Promise((resolve) => setTimeout(resolve, 20))
    return proxy.asked.length
  }

  const params = (proxy: HttpProxy, changes: Partial<ProxyParams> = {}): ProxyParams => ({
    url: proxy.url,
    exclusion_list: [],
    ...changes,
  })

  test('RFC 9110 §11.7.1 – without the credentials that the proxy wants nothing gets through', async () => {
    for (const proxy of [basic, custom]) {
      const wrong = [
        params(proxy),
        params(proxy, { basic_auth_username: 'proxy user', basic_auth_password: 'wrong' }),
        params(proxy, { custom_auth_header: 'Negotiate other' }),
      ]
      const before = [secure.counts.jwks, plain.counts.jwks]
      for (const proxyParams of wrong)
        for (const idp of [secure, plain])
          await assert.rejects(outboundThrough(proxyParams).getJson(idp.provider.jwks_uri), OutboundError)
      assert.deepEqual([secure.counts.jwks, plain.counts.jwks], before)
    }
  })

  test('RFC 7617 §2 – basic_auth_username and basic_auth_password become Basic credentials', async () => {
    const proxy = params(basic, { basic_auth_username: 'proxy user', basic_auth_password: 'p:w €' })
    for (const idp of [secure, plain]) {
      const before = idp.counts.jwks
      await outboundThrough(proxy).getJson(idp.provider.jwks_uri)
      assert.equal(idp.counts.jwks, before + 1)
    }
  })

  test('custom_auth_header replaces the whole header, Basic credentials included', async () => {
    const proxy = params(custom, {
      basic_auth_username: 'proxy user',
      basic_auth_password: 'p:w €',
      custom_auth_header: CUSTOM,
    })
    for (const idp of [secure, plain]) await outboundThrough(proxy).getJson(idp.provider.jwks_uri)
    await askedOf(custom)
    assert.equal(custom.asked.at(-1)?.authorization, CUSTOM)
  })

  test('RFC 9110 §9.3.6 RFC 9112 §3.2.2 – https goes through a tunnel, http in the absolute form, both to the checked address', async () => {
    await outboundThrough(params(open)).getJson(secure.provider.jwks_uri)
    await outboundThrough(params(open)).getJson(`http://localhost:${plain.port}/jwks?a=b`)
    await outboundThrough(params(open)).getJson(`http://[::1]:${plain6.port}/jwks`)
    await askedOf(open)
    assert.deepEqual(open.asked.slice(-3), [
      { method: 'CONNECT', target: `127.0.0.1:${secure.port}`, host: `127.0.0.1:${secure.port}` },
      {
        method: 'GET',
        target: `http://127.0.0.1:${plain.port}/jwks?a=b`,
        host: `127.0.0.1:${plain.port}`,
      },
      { method: 'GET', target: `http://[::1]:${plain6.port}/jwks`, host: `[::1]:${plain6.port}` },
    ])
  })

  test('an address that the proxy cannot reach is followed by the next one', async () => {
    const resolve: Resolve = async () => ['127.0.0.9', '127.0.0.1']
    const before = secure.counts.jwks
    await outboundThrough(params(open), resolve).getJson(secure.provider.jwks_uri)
    assert.equal(secure.counts.jwks, before + 1)
  })

  test('T-SS-01 T-SS-04 – the proxy is no way around the check of addresses, and a name is looked up once', async () => {
    const before = await askedOf(open)
    for (const inside of ['10.0.0.1', '169.254.169.254', '::ffff:127.0.0.1', 'fd00::1'])
      await assert.rejects(
        outboundThrough(params(open), async () => [inside]).getJson('https://keys.example/'),
        OutboundError,
      )
    assert.equal(await askedOf(open), before)
    let lookups = 0
    const rebinding: Resolve = async () => {
      lookups += 1
      return lookups === 1 ? ['127.0.0.1'] : ['169.254.169.254']
    }
    await outboundThrough(params(open), rebinding).getJson(secure.provider.jwks_uri)
    assert.equal(lookups, 1)
    assert.equal(await askedOf(open), before + 1)
    assert.equal(open.asked.at(-1)?.target, `127.0.0.1:${secure.port}`)
  })

  const direct: [string, string[], string[], string?][] = [
    ['a name', ['localhost'], ['127.0.0.1']],
    ['a name in capitals', ['LocalHost'], ['127.0.0.1']],
    ['a .suffix', ['.example'], ['127.0.0.1'], 'keys.idp.example'],
    ['an IPv4 address', ['127.0.0.1'], ['127.0.0.1']],
    ['an IPv4 range', ['127.0.0.0/8'], ['127.0.0.1']],
    ['an IPv6 address', ['::1'], ['::1'], '[::1]'],
    ['an IPv6 address in long form', ['0:0:0:0:0:0:0:1'], ['::1'], '[::1]'],
    ['an IPv6 range', ['::/64'], ['::1'], '[::1]'],
    ['two ranges that hold an address each', ['127.0.0.0/8', '::1/128'], ['127.0.0.1', '::1']],
    ['one entry among others', ['other.example', '10.0.0.0/8', 'fd00::/8', '127.0.0.0/8'], ['127.0.0.1']],
  ]
  for (const [name, exclusion_list, addresses, host = 'localhost'] of direct)
    test(`exclusion_list: ${name} is reached without the proxy`, async () => {
      const idp = host === '[::1]' ? plain6 : plain
      const before = [await askedOf(open), idp.counts.jwks]
      const outbound = outboundThrough(params(open, { exclusion_list }), async () => addresses)
      await outbound.getJson(`http://${host}:${idp.port}/jwks`)
      assert.deepEqual([await askedOf(open), idp.counts.jwks], [before[0], (before[1] ?? 0) + 1])
    })

  const proxied: [string, string[], string[], string?][] = [
    ['an empty list', [], ['127.0.0.1']],
    ['the end of a name', ['ost'], ['127.0.0.1']],
    ['a longer name', ['a.localhost'], ['127.0.0.1']],
    ['a suffix without its dot', ['example'], ['127.0.0.1'], 'idp.example'],
    ['the domain of a .suffix itself', ['.idp.example'], ['127.0.0.1'], 'idp.example'],
    ['another IPv4 range', ['10.0.0.0/8', '127.0.1.0/24'], ['127.0.0.1']],
    ['an IPv6 range for an IPv4 address', ['::/0'], ['127.0.0.1']],
    ['an IPv4 range for an IPv6 address', ['0.0.0.0/0'], ['::1'], '[::1]'],
    ['a range that holds one of two addresses', ['127.0.0.0/8'], ['127.0.0.1', '::1']],
  ]
  for (const [name, exclusion_list, addresses, host = 'localhost'] of proxied)
    test(`exclusion_list: ${name} leaves the proxy in the way`, async () => {
      const idp = host === '[::1]' ? plain6 : plain
      const before = await askedOf(open)
      const outbound = outboundThrough(params(open, { exclusion_list }), async () => addresses)
      await outbound.getJson(`http://${host}:${idp.port}/jwks`)
      assert.equal(await askedOf(open), before + 1)
    })

  test('F-34 – a proxy that is away fails requests, and those that go without it succeed', async () => {
    const gone = { url: 'http://127.0.0.1:1', exclusion_list: ['127.0.0.2'] }
    for (const idp of [secure, plain])
      await assert.rejects(outboundThrough(gone).getJson(idp.provider.jwks_uri), OutboundError)
    const excluded = { ...gone, exclusion_list: ['127.0.0.0/8'] }
    await outboundThrough(excluded).getJson(secure.provider.jwks_uri)
  })

  test('RFC 6749 §3.2 – a form is posted through the proxy as it is posted without', async () => {
    const fields = { grant_type: 'authorization_code', code: 'ä & b' }
    for (const proxy of [params(open), params(open, { exclusion_list: ['127.0.0.0/8'] })])
      for (const idp of [secure, plain]) {
        idp.behave({
          token: (request, response) => {
            const chunks: Buffer[] = []
            request.on('data', (chunk: Buffer) => chunks.push(chunk))
            request.on('end', () => {
              const { 'content-type': type, authorization, 'accept-encoding': encoding } = request.headers
              response.end(JSON.stringify({ type, authorization, encoding, body: Buffer.concat(chunks).toString() }))
            })
          },
        })
        assert.deepEqual(
          await outboundThrough(proxy).postForm(`${idp.issuer}/token`, { fields, authorization: 'Basic eDp5' }),
          {
            type: 'application/x-www-form-urlencoded',
            authorization: 'Basic eDp5',
            encoding: 'identity',
            body: 'grant_type=authorization_code&code=%C3%A4+%26+b',
          },
        )
        idp.behave({})
      }
  })
})
