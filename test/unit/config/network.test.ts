import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { load, problemsOf, TOP, testBrokenFiles, tls, withRest } from './broken.ts'
import { files } from './pki.ts'

const ISSUER = 'expected https://host, https://host:port or https://host/path in its one spelling'

const issuer = (name: string, text: string, found: string) => ({
  name: `RFC 8414 §2 – ${name}`,
  toml: withRest(`[oauth_params]\nissuer = "${text}"\n`),
  problems: [`oauth_params.issuer: found ${found}, ${ISSUER}`],
})

describe('configuration: T-IS-09 an issuer that could be spelled in two ways', () => {
  testBrokenFiles([
    issuer('http', 'http://localhost', 'no https URL ("http://localhost")'),
    issuer('a scheme in upper case', 'HTTPS://localhost', 'no https URL ("HTTPS://localhost")'),
    issuer('no URL', 'localhost', 'no https URL ("localhost")'),
    issuer('a slash at the end', 'https://localhost/', 'a slash at the end ("https://localhost/")'),
    issuer('the default port', 'https://localhost:443', 'the port 443, which is the default ("https://localhost:443")'),
    issuer('a host in upper case', 'https://LocalHost', 'a host in upper case ("https://LocalHost")'),
    issuer('a query', 'https://localhost?x', 'a query ("https://localhost?x")'),
    issuer('a fragment', 'https://localhost#x', 'a fragment ("https://localhost#x")'),
    issuer('a user, who is not shown', 'https://canary-b7Qx@localhost', 'a user'),
    issuer('dot segments', 'https://localhost/a/../b', 'a URL in another spelling ("https://localhost/a/../b")'),
    issuer('another alphabet', 'https://bücher.localhost', 'a URL in another spelling ("https://bücher.localhost")'),
    issuer(
      'a port with a zero in front',
      'https://localhost:08443',
      'a URL in another spelling ("https://localhost:08443")',
    ),
    issuer('an address in another form', 'https://127.1', 'a URL in another spelling ("https://127.1")'),
    issuer('a port that is none', 'https://localhost:99999', 'a URL in another spelling ("https://localhost:99999")'),
    issuer('a wildcard', 'https://*.localhost', 'a URL in another spelling ("https://*.localhost")'),
    issuer('no host', 'https://', 'a slash at the end ("https://")'),
    issuer(
      'several faults at once',
      'https://LOCALHOST:443/?a#b',
      'a query, a fragment, a host in upper case, the port 443, which is the default ("https://LOCALHOST:443/?a#b")',
    ),
  ])

  test('RFC 8414 §2 – one spelling is accepted as it is', () => {
    for (const text of [
      'https://localhost',
      'https://localhost:8443',
      'https://localhost:1/auth',
      'https://[::1]:8443',
    ])
      assert.equal(load(withRest(`[oauth_params]\nissuer = "${text}"\n`)).oauth_params.issuer, text)
  })

  test("without one it is made of the certificate's first DNS name and the port", () => {
    assert.equal(load(withRest('')).oauth_params.issuer, 'https://localhost:8443')
    const atDefaultPort = `host_name = "::"\nhost_port = 443\n${tls({ server_certificate: files.namedChain })}[secrets_params]\nencryption_key = "${Buffer.alloc(32, 3).toString('base64url')}"\n`
    const config = load(atDefaultPort)
    assert.equal(config.oauth_params.issuer, 'https://auth.example.com')
    assert.deepEqual(config.hosts, ['auth.example.com'])
  })

  test('with the port 0 it has that as a placeholder', () => {
    assert.equal(load(`host_name = "localhost"\nhost_port = 0\n${tls()}`).oauth_params.issuer, 'https://localhost:0')
  })
})

const RANGE = 'expected a CIDR range as 10.0.0.0/8 or fd00::/8'
const proxies = (list: string[]): string => withRest(`[server_params]\ntrusted_proxies = ${JSON.stringify(list)}\n`)

const range = (name: string, text: string, found: string) => ({
  name,
  toml: proxies([text]),
  problems: [`server_params.trusted_proxies[0]: found ${found} ("${text}"), ${RANGE}`],
})

describe('configuration: T-IS-03 a trusted proxy that would be somebody else', () => {
  const EVERYONE = 'a range of every address, which would let anyone choose theirs'
  const MAPPED = 'a range of mapped IPv4 addresses shorter than /96'
  testBrokenFiles([
    range('every IPv4 address', '0.0.0.0/0', EVERYONE),
    range('every IPv6 address', '::/0', EVERYONE),
    range('every IPv4 address, mapped', '::ffff:0:0/96', EVERYONE),
    range('RFC 4291 §2.5.5.2 – mapped addresses whose prefix ends before them', '::ffff:10.0.0.0/8', MAPPED),
    range('mapped addresses, in hexadecimal', '::ffff:a00:0/95', MAPPED),
    range('bits behind the prefix', '10.0.0.1/8', 'address bits behind the prefix'),
    range('bits behind the prefix of IPv6', 'fd00::1/64', 'address bits behind the prefix'),
    range('a prefix that is too long', '10.0.0.0/33', 'a prefix longer than /32'),
    range('a prefix that is too long for IPv6', 'fd00::/129', 'a prefix longer than /128'),
    range('a prefix with a sign', '10.0.0.0/-1', 'no address range'),
    range('a prefix with a zero in front', '10.0.0.0/08', 'no address range'),
    range('two prefixes', '10.0.0.0/8/8', 'no address range'),
    range('a mask', '10.0.0.0/255.0.0.0', 'no address range'),
    range('fewer than four parts', '10/8', 'no address range'),
    range('an octal part', '010.0.0.0/8', 'no address range'),
    range('a name', 'loopback', 'no address range'),
    range('an interface', 'fe80::1%eth0', 'no address range'),
    {
      name: 'nothing',
      toml: proxies(['']),
      problems: [`server_params.trusted_proxies[0]: found no address range, ${RANGE}`],
    },
  ])

  test('a right one is brought into its shortest form', () => {
    const { trusted_proxies } = load(
      proxies(['10.0.0.0/8', '192.0.2.1', '::ffff:10.1.0.0/112', 'FD00:0::/8', '::1']),
    ).server_params
    assert.deepEqual(trusted_proxies, ['10.0.0.0/8', '192.0.2.1/32', '10.1.0.0/16', 'fd00::/8', '::1/128'])
  })
})

describe('configuration: hosts and origins', () => {
  const HOST = 'expected a host as example.com or example.com:8443'
  const ORIGIN = 'expected an origin as https://app.example.com: no path, no wildcard'
  const badHosts = [
    '*',
    '*.example.com',
    'https://a.example',
    'a.example/',
    'a b',
    'a.example:',
    'a.example:99999',
    '[::1',
    '::1',
    '',
  ]
  const badOrigins = [
    '*',
    'null',
    'https://a.example/',
    'a.example',
    'https://A.example',
    'https://a.example:443',
    'app://a',
    'https://*.a',
  ]

  testBrokenFiles([
    {
      name: 'RFC 9110 §7.2 – hosts that no request can name',
      toml: withRest(`[server_params]\nallowed_hosts = ${JSON.stringify(badHosts)}\n`),
      problems: badHosts.map(
        (host, index) =>
          `server_params.allowed_hosts[${index}]: found ${host === '' ? 'an empty string' : JSON.stringify(host)}, ${HOST}`,
      ),
    },
    {
      name: 'RFC 6454 §6.2 – origins that no browser sends',
      toml: withRest(`[server_params]\ncors_allowed_origins = ${JSON.stringify(badOrigins)}\n`),
      problems: badOrigins.map(
        (origin, index) => `server_params.cors_allowed_origins[${index}]: found ${JSON.stringify(origin)}, ${ORIGIN}`,
      ),
    },
    ...['https://localhost', 'localhost:8443', '[::1]', '10.0.0.256', 'a..b', '*'].map((host) => ({
      name: `the address to bind: ${host}`,
      toml: `host_name = "${host}"\nhost_port = 8443\n${tls()}`,
      problems: [`host_name: found "${host}", expected an IP address without brackets or port, or a host name`],
    })),
  ])

  test('allowed hosts are added to that of the issuer, in the form that requests have', () => {
    const config = load(
      withRest(
        '[server_params]\nallowed_hosts = ["A.Example", "a.example:443", "b.example:8443", "[::1]:8443", "localhost:8443"]\n',
      ),
    )
    assert.deepEqual(config.hosts, ['localhost:8443', 'a.example', 'b.example:8443', '[::1]:8443'])
  })

  test('allowed origins are reported at every start', () => {
    const config = load(
      withRest('[server_params]\ncors_allowed_origins = ["https://app.example", "http://localhost:3000"]\n'),
    )
    assert.deepEqual(config.warnings, [
      'server_params.cors_allowed_origins: pages of https://app.example, http://localhost:3000 may call this server',
    ])
  })
})

describe('configuration: default_username', () => {
  testBrokenFiles(
    ['0.0.0.0', '::', '192.0.2.1', 'auth.example.com'].map((host) => ({
      name: `refused at ${host}`,
      toml: `host_name = "${host}"\nhost_port = 8443\ndefault_username = "admin"\n${tls()}`,
      problems: [`default_username: found a value, expected none, because host_name is "${host}" and not loopback`],
    })),
  )

  test('accepted at a loopback address, with a warning', () => {
    for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1', 'a.localhost']) {
      const config = load(`host_name = "${host}"\nhost_port = 8443\ndefault_username = "admin"\n${tls()}`)
      assert.deepEqual(config.warnings, [
        'default_username: requests without credentials act as this user; never use it in production',
      ])
    }
  })
})

const PROXY = 'expected http://host:port or https://host:port'
const proxyUrl = (name: string, text: string, found: string) => ({
  name,
  toml: withRest(`[proxy_params]\nurl = "${text}"\n`),
  problems: [`proxy_params.url: found ${found}, ${PROXY}`],
})

describe('configuration: an outbound proxy', () => {
  testBrokenFiles([
    proxyUrl('without a scheme', 'proxy.example:3128', 'no http or https URL'),
    proxyUrl('of another kind', 'socks5://proxy.example:1080', 'no http or https URL'),
    proxyUrl('without a port', 'http://proxy.example', 'no port'),
    proxyUrl('with the port 0', 'http://proxy.example:0', 'no port'),
    proxyUrl('without a host', 'http://:3128', 'no host'),
    proxyUrl('with a path', 'http://proxy.example:3128/x', 'a path, query or fragment'),
    proxyUrl(
      'with credentials, which are not shown',
      'http://user:canary-b7Qx@proxy.example:3128',
      'credentials, which belong into basic_auth_username and basic_auth_password',
    ),
    {
      name: 'RFC 7617 §2 – a user name with a colon, and no password',
      toml: withRest('[proxy_params]\nurl = "http://p:1"\nbasic_auth_username = "canary-b7Qx:"\n'),
      problems: [
        'proxy_params.basic_auth_password: found nothing, expected the password of basic_auth_username',
        'proxy_params.basic_auth_username: found a colon, expected a name without one',
      ],
    },
    {
      name: 'a password without a user name',
      toml: withRest('[proxy_params]\nurl = "http://p:1"\nbasic_auth_password = "canary-b7Qx"\n'),
      problems: ['proxy_params.basic_auth_username: found nothing, expected the user of basic_auth_password'],
    },
    {
      name: 'RFC 9110 §5.5 – a header that would begin another one',
      toml: withRest('[proxy_params]\nurl = "http://p:1"\ncustom_auth_header = "canary-b7Qx\\r\\nX: y"\n'),
      problems: [
        'proxy_params.custom_auth_header: found characters other than printable ASCII, expected the value of a header',
      ],
    },
    {
      name: 'exclusions that are none',
      toml: withRest(
        '[proxy_params]\nurl = "http://p:1"\nexclusion_list = ["a b", "10.0.0.0/33", "*.a", ".", "http://a", "a:80", ""]\n',
      ),
      problems: ['"a b"', '"10.0.0.0/33"', '"*.a"', '"."', '"http://a"', '"a:80"', 'an empty string'].map(
        (entry, index) =>
          `proxy_params.exclusion_list[${index}]: found ${entry}, expected a host, an IP address, a CIDR range or a .suffix`,
      ),
    },
  ])

  test('with every kind of exclusion', () => {
    const list = ['localhost', 'a.example', '.b.example', '10.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8']
    const toml = withRest(`[proxy_params]\nurl = "https://[::1]:3128"\nexclusion_list = ${JSON.stringify(list)}\n`)
    assert.deepEqual(load(toml).proxy_params?.exclusion_list, list)
  })
})

test('configuration: every problem of one file is told', () => {
  const problems = problemsOf(`host_name = "*"\nhost_port = 1.5\nnope = 1\n${TOP.replace(/^/gm, '# ')}
${tls({ server_private_key: 'nowhere' })}[oauth_params]\nissuer = "http://x"\n[server_params]\ntrusted_proxies = ["x", "y"]\nallowed_hosts = ["\${X}"]\n`)
  assert.deepEqual(
    problems.map((problem) => problem.split(': ')[0]),
    [
      'server_params.allowed_hosts[0]',
      'host_port',
      'nope',
      'tls_params.server_private_key',
      'oauth_params.issuer',
      'host_name',
      'server_params.trusted_proxies[0]',
      'server_params.trusted_proxies[1]',
    ],
  )
})
