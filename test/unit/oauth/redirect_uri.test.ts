import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  checkRegisteredRedirectUri,
  isHttpsRedirectUri,
  isLoopbackRedirectUri,
  matchRedirectUri,
} from '../../../src/oauth/redirect_uri.ts'

const REGISTERED = 'https://app.example/cb'

describe('OAuth 2.1 §2.3.1 – registration refuses', () => {
  const refused = (name: string, uris: string[], applicationType: 'web' | 'native' = 'native'): void => {
    for (const uri of uris) {
      test(`${name}: ${JSON.stringify(uri).slice(0, 80)}`, () => {
        assert.equal(typeof checkRegisteredRedirectUri(uri, applicationType), 'string')
      })
    }
  }

  refused('T-RU-02 wildcards', [
    'https://*.example/cb',
    'https://app.example/*',
    'https://app.example/cb?*',
    'http://127.0.0.1:*/cb',
    'com.example.app:/*',
    '*',
  ])
  refused('T-RU-05 dot segments, backslashes and what decodes to them', [
    'https://app.example/a/../cb',
    'https://app.example/./cb',
    'https://app.example/..',
    'https://app.example/a/..;/cb',
    'https://app.example/a/..%3b/cb',
    'https://app.example/%2e%2e/cb',
    'https://app.example/%2E./cb',
    'https://app.example/a%2f..%2fcb',
    'https://app.example\\cb',
    'https://app.example/%5ccb',
    'https://app.example/%5C..%5Ccb',
    'com.example.app:/a/../cb',
  ])
  refused('T-RU-06 schemes that run or show content, in any case', [
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'blob:https://app.example/1',
    'file:///etc/passwd',
    'about:blank',
    'view-source:https://app.example/cb',
    'filesystem:https://app.example/cb',
    'ws://app.example/cb',
    'WSS://app.example/cb',
  ])
  refused('T-RU-07 parameters of the authorization response', [
    'https://app.example/cb?code=1',
    'https://app.example/cb?a=b&state=1',
    'https://app.example/cb?%69ss=x',
    'https://app.example/cb?ISS=x',
    'https://app.example/cb?a=1;code=2',
    'https://app.example/cb?error',
    'https://app.example/cb?error_description=x',
    'https://app.example/cb?error_uri=x',
    'https://app.example/cb?id_token=x',
    'https://app.example/cb?access_token=x',
    'https://app.example/cb?token_type=x',
    'https://app.example/cb?expires_in=x',
    'https://app.example/cb?scope=x',
    'https://app.example/cb?response=x',
    'https://app.example/cb?session_state=x',
    'com.example.app:/cb?code=1',
  ])
  refused('T-RU-07 RFC 6749 §3.1.2 fragments', [
    'https://app.example/cb#',
    'https://app.example/cb#x',
    'https://app.example/#code=1',
    'com.example.app:/cb#x',
  ])
  refused('T-RU-11 RFC 3986 §2 – what a browser reads differently, and what no URI contains', [
    'https:/app.example/cb',
    'https:app.example/cb',
    'https:///app.example/cb',
    'HTTPS://app.example/cb',
    'https://APP.example/cb',
    'https://app.example:443/cb',
    'https://app.example:/cb',
    'https://app.example./cb',
    'https://app.example.:8443/cb',
    'https://127.1/cb',
    'https://0x7f.1/cb',
    'https://2130706433/cb',
    'https://%61pp.example/cb',
    'http://[0:0:0:0:0:0:0:1]/cb',
    ' https://app.example/cb',
    'https://app.example/cb ',
    'https://app.example/c b',
    'https://app.example/\tcb',
    'https://app.example/cb\r\nX: y',
    'https://app.example/\u0000cb',
    'https://app.example/c\u00f6b',
    'https://\uff41pp.example/cb',
    'https://app.example/cb\u2028',
    'https://app.example/%',
    'https://app.example/%zz',
    'https://app.example/%00',
    'https://app.example/%0d%0a',
    'https://app.example/%7F',
    'https://',
    'https://?a=b',
    '',
    '/cb',
    '//app.example/cb',
    'app.example/cb',
  ])
  refused('user names and passwords', [
    'https://user@app.example/cb',
    'https://user:password@app.example/cb',
    'https://app.example@evil.example/cb',
    'https://@app.example/cb',
    'com.example.app://user@host/cb',
  ])
  refused('N-21-03 http beyond this machine', [
    'http://app.example/cb',
    'http://127.0.0.1.evil.example/cb',
    'http://localhost.evil.example/cb',
    'http://10.0.0.1/cb',
    'http://127.0.0.2/cb',
    'http://[::ffff:127.0.0.1]/cb',
    'http://0.0.0.0/cb',
    'http://localhost@evil.example/cb',
  ])
  refused('T-RU-15 private-use schemes without a dot', ['myapp:/cb', 'myapp://cb', 'x:y', 'app+v2:/cb'])
  refused('private-use schemes of a web application', ['com.example.app:/cb'], 'web')
  refused('what is longer than any address', [`https://app.example/${'a'.repeat(2_048)}`])
})

describe('OAuth 2.1 §2.3.1 – registration takes', () => {
  for (const uri of [
    REGISTERED,
    'https://app.example',
    'https://app.example/',
    'https://app.example?a=b',
    'https://app.example:8443/a/b//c/?x=1&y=a%20b',
    'https://xn--bcher-kva.example/cb',
    'https://app.example/cb;v=1/a..b/...',
    'https://[2001:db8::1]/cb',
    'http://127.0.0.1/cb',
    'http://127.0.0.1:8080/cb?a=b',
    'http://[::1]:3000/',
    'http://localhost:3000/cb',
  ]) {
    test(uri, () => assert.equal(checkRegisteredRedirectUri(uri, 'web'), undefined))
  }
  for (const uri of ['com.example.app:/cb', 'com.example.app://callback?a=b', 'com.Example.App:/oauth2redirect']) {
    test(`RFC 8252 §7.1 – ${uri} of a native application`, () =>
      assert.equal(checkRegisteredRedirectUri(uri, 'native'), undefined))
  }
})

describe('OAuth 2.1 §4.1.1 – a requested redirect URI is refused', () => {
  const refused = (name: string, registered: string, requested: string[]): void => {
    for (const uri of requested) {
      test(`${name}: ${JSON.stringify(uri).slice(0, 80)}`, () => {
        assert.equal(matchRedirectUri([registered], uri), false)
      })
    }
  }

  refused('T-RU-01 a dot is no pattern', REGISTERED, ['https://appXexample/cb', 'https://app.exampleXcb'])
  refused('T-RU-03 T-RU-04 prefixes and suffixes of the host', 'https://portal.example.com', [
    'https://portal.example.com.evil.tld',
    'https://portal.example.com.',
    'https://portal.example.com:443',
    'https://portal.example.com:8443',
    'https://portal.example.com@evil.tld',
    'https://portal.example.com%40evil.tld',
    'https://evil-portal.example.com',
    'https://evil.tld/portal.example.com',
    'https://user@portal.example.com',
    'https://portal.example.com/',
  ])
  refused('T-RU-05 paths that resolve to the registered one', REGISTERED, [
    'https://app.example/x/../cb',
    'https://app.example/./cb',
    'https://app.example/x/..;/cb',
    'https://app.example/%2e/cb',
    'https://app.example/x/%2e%2e/cb',
    'https://app.example/;/cb',
    'https://app.example/%3b/cb',
    'https://app.example//cb',
    'https://app.example\\cb',
    'https://app.example/%5ccb',
    'https://app.example/cb/',
    'https://app.example/CB',
  ])
  refused('T-RU-11 what a browser reads as the registered one', REGISTERED, [
    'https:///app.example/cb',
    'https:app.example/cb',
    'https:/app.example/cb',
    'HTTPS://app.example/cb',
    'https://APP.EXAMPLE/cb',
    'https://\uff41pp.example/cb',
    'https://%61pp.example/cb',
    'https://app%2eexample/cb',
    'https://app.example:443/cb',
    'https://app.example/cb\n',
    '\thttps://app.example/cb',
    'https://app.example/c\tb',
    'https://app.example/c%62',
    'https://app.example/cb?',
    'https://app.example/cb#',
    'https://app.example/cb#x',
    'https://app.example/cb?a=b',
    `https://app.example/cb${' '.repeat(65_536)}`,
  ])
  refused('T-RU-08 a loopback address with another path, query or host', 'http://127.0.0.1/cb?a=b', [
    'http://127.0.0.1:5000/CB?a=b',
    'http://127.0.0.1:5000/cb',
    'http://127.0.0.1:5000/cb?a=b&c=d',
    'http://127.0.0.1:5000/cb?a=b#',
    'http://localhost:5000/cb?a=b',
    'http://127.1:5000/cb?a=b',
    'http://0x7f.1:5000/cb?a=b',
    'http://2130706433:5000/cb?a=b',
    'http://[::ffff:127.0.0.1]:5000/cb?a=b',
    'http://[::1]:5000/cb?a=b',
    'https://127.0.0.1:5000/cb?a=b',
    'http://127.0.0.1:/cb?a=b',
    'http://127.0.0.1:0/cb?a=b',
    'http://127.0.0.1:05000/cb?a=b',
    'http://127.0.0.1:65536/cb?a=b',
    'http://127.0.0.1:5000@evil.example/cb?a=b',
    'http://127.0.0.1:5000.evil.example/cb?a=b',
  ])
  refused('T-RU-08 another port of localhost, which is a name', 'http://localhost/cb', ['http://localhost:5000/cb'])
  refused('T-RU-08 another port of an https address', 'https://127.0.0.1/cb', ['https://127.0.0.1:5000/cb'])
  for (const uri of ['javascript:alert(1)', 'JAVASCRIPT:alert(1)', 'data:,x', 'myapp:/cb', 'WS://app.example/cb']) {
    test(`T-RU-06 T-RU-15 a scheme that is not allowed, even if it was registered: ${uri}`, () => {
      assert.equal(matchRedirectUri([uri], uri), false)
    })
  }
})

describe('OAuth 2.1 §4.1.1 – a requested redirect URI is taken', () => {
  test('when it is one of the registered ones, octet for octet', () => {
    assert.ok(matchRedirectUri(['https://other.example/cb', REGISTERED], REGISTERED))
  })

  for (const [registered, requested] of [
    ['http://127.0.0.1/cb', 'http://127.0.0.1:51004/cb'],
    ['http://127.0.0.1:3000/cb?a=b', 'http://127.0.0.1:51004/cb?a=b'],
    ['http://127.0.0.1:3000', 'http://127.0.0.1'],
    ['http://[::1]/cb', 'http://[::1]:65535/cb'],
  ] as const) {
    test(`T-RU-08 OAuth 2.1 §8.4.2 RFC 8252 §7.3 – only the port of a loopback address may differ: ${requested}`, () => {
      assert.ok(matchRedirectUri([registered], requested))
    })
  }
})

/** Forty ways in which one address is written so that software reads the same, or nearly. */
const mutations: ((uri: string, text: string, at: number) => string)[] = [
  (uri) => uri.toUpperCase(),
  (uri) => uri.replace('https', 'HtTpS'),
  (uri) => uri.replace('https', 'http'),
  (uri) => uri.replace('://', ':'),
  (uri) => uri.replace('://', ':/'),
  (uri) => uri.replace('://', ':///'),
  (uri) => uri.replace('://', ':\\\\'),
  (uri, text) => uri.replace('://', `://${encodeURIComponent(text)}@`),
  (uri) => uri.replace(/(:\/\/[^/:?]+)/, '$1:443'),
  (uri) => uri.replace(/(:\/\/[^/:?]+)/, '$1.'),
  (uri) => uri.replace(/(:\/\/[^/:?]+)/, '$1.evil.example'),
  (uri) => uri.replace('://', '://evil-'),
  (uri) => uri.replace('.', '%2e'),
  (uri) => uri.replace('.', '\u3002'),
  (uri) => uri.replace('.', 'X'),
  (uri) => uri.replace(/[a-z]/, (letter) => String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0)),
  (uri) => uri.replace(/(\/\/[^/?]+)/, '$1/.'),
  (uri) => uri.replace(/(\/\/[^/?]+)/, '$1/x/..'),
  (uri) => uri.replace(/(\/\/[^/?]+)/, '$1/%2e%2e'),
  (uri) => uri.replace(/(\/\/[^/?]+)/, '$1/..;'),
  (uri) => uri.replace(/(\/\/[^/?]+)/, '$1/'),
  (uri) => uri.replace(/(\/\/[^/?]+)/, '$1\\'),
  (uri) => `${uri}/`,
  (uri) => `${uri}?`,
  (uri) => `${uri}#`,
  (uri) => `${uri}%20`,
  (uri) => `${uri};`,
  (uri) => `${uri}&code=stolen`,
  (uri) => `${uri}#code=stolen`,
  (uri) => ` ${uri}`,
  (uri) => `${uri}\n`,
  (uri) => `\u0000${uri}`,
  (uri) => `${uri}\r\nLocation: https://evil.example/`,
  (uri, text, at) => `${uri.slice(0, at)}\t${text}${uri.slice(at)}`,
  (uri, text, at) => `${uri.slice(0, at)}${text}${uri.slice(at)}`,
  (uri, _text, at) => uri.slice(0, at) + uri.slice(at + 1),
  (uri, _text, at) => `${uri.slice(0, at)}%${uri.charCodeAt(at).toString(16)}${uri.slice(at + 1)}`,
  (uri, _text, at) => `${uri.slice(0, at)}${(uri[at] ?? '').toUpperCase()}${uri.slice(at + 1)}`,
  (uri) => uri.padEnd(65_536, 'a'),
  (_uri, text) => text,
]

const registrable = fc
  .tuple(fc.domain(), fc.array(fc.stringMatching(/^[a-z0-9._~-]{1,8}$/), { maxLength: 3 }), fc.boolean())
  .map(([host, segments, withQuery]) => `https://${host}/${segments.join('/')}${withQuery ? '?tenant=a%20b' : ''}`)
  .filter((uri) => checkRegisteredRedirectUri(uri, 'web') === undefined)

const RUNS = Number(process.env.FUZZ_RUNS ?? 2_000)

test('T-RU-11 OAuth 2.1 §4.1.1 – Z-1 a mutated redirect URI is taken exactly when its octets are the registered ones', () => {
  const cases = fc.tuple(registrable, fc.constantFrom(...mutations), fc.string({ maxLength: 8 }), fc.nat())
  fc.assert(
    fc.property(cases, ([registered, mutate, text, place]) => {
      const requested = mutate(registered, text, place % registered.length)
      assert.equal(matchRedirectUri([registered], requested), requested === registered)
    }),
    { numRuns: RUNS },
  )
})

test('T-RU-11 OAuth 2.1 §2.3.1 – Z-1 what registration takes means the same to a browser: its origin and path', () => {
  fc.assert(
    fc.property(fc.oneof(fc.webUrl({ withQueryParameters: true }), registrable), (uri) => {
      if (checkRegisteredRedirectUri(uri, 'web') !== undefined) return
      const { origin, pathname, username, password, hash } = new URL(uri)
      assert.ok(uri.startsWith(origin))
      assert.ok(uri === origin || uri.slice(origin.length).startsWith(pathname) || uri[origin.length] === '?')
      assert.equal(username + password + hash, '')
    }),
    { numRuns: RUNS },
  )
})

test('T-RU-08 RFC 8252 §7.3 – Z-1 a loopback address is taken for every port and for nothing else that differs', () => {
  const parts = fc.tuple(fc.constantFrom('127.0.0.1', '[::1]', 'localhost', '127.0.0.2'), fc.nat(70_000), fc.webPath())
  fc.assert(
    fc.property(parts, parts, ([host, port, path], [otherHost, otherPort, otherPath]) => {
      const registered = `http://${host}:${port}${path}`
      const requested = `http://${otherHost}:${otherPort}${otherPath}`
      const arePorts = [port, otherPort].every((number) => number > 0 && number < 65_536)
      const isLoopback = host === '127.0.0.1' || host === '[::1]'
      const differsInPort = isLoopback && arePorts && host === otherHost && path === otherPath
      assert.equal(matchRedirectUri([registered], requested), registered === requested || differsInPort)
    }),
    { numRuns: RUNS },
  )
})

test('OAuth 2.1 §7.3.1 – only an https address belongs to somebody, and only a loopback one may do without TLS', () => {
  assert.ok(isHttpsRedirectUri(REGISTERED) && !isHttpsRedirectUri('http://127.0.0.1/cb'))
  assert.ok(!isHttpsRedirectUri('com.example.https://x'))
  assert.ok(isLoopbackRedirectUri('http://127.0.0.1:3000/cb') && isLoopbackRedirectUri('http://[::1]/cb'))
  assert.ok(isLoopbackRedirectUri('http://localhost/cb'))
  for (const uri of ['http://127.0.0.1.evil.example/', 'http://localhost@evil.example/', 'https://localhost/cb']) {
    assert.equal(isLoopbackRedirectUri(uri), false)
  }
})
