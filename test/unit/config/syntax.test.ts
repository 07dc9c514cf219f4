import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CANARY, load, problemsOf, TOP, testBrokenFiles, tls, withRest } from './broken.ts'
import { files } from './pki.ts'

const NO_TEXT = 'found bytes that are no UTF-8 text, expected a TOML file'
const UNKNOWN = 'found an unknown key, expected a key or table of this file'

describe('configuration: a file that is no TOML is refused with line and column', () => {
  testBrokenFiles([
    {
      name: 'an unfinished string',
      toml: `host_name = "localhost\nhost_port = 1\n[database_params]\nconnection_url = "${CANARY}"`,
      problems: ['line 1, column 23: control characters are not allowed in strings'],
    },
    {
      name: 'a line that goes on after its value',
      toml: `connection_url = "${CANARY}" oops\n`,
      problems: ['line 1, column 32: each key-value declaration must be followed by an end-of-line'],
    },
    {
      name: 'a key twice',
      toml: `${TOP}host_port = 1\n`,
      problems: ['line 3, column 1: trying to redefine an already defined table or value'],
    },
    {
      name: 'a table twice',
      toml: withRest('[log_params]\n[log_params]\n'),
      problems: ['line 8, column 2: trying to redefine an already defined table or value'],
    },
    {
      name: 'a key that reaches for the prototype',
      toml: `${TOP}__proto__ = { polluted = true }\n`,
      problems: ['line 3, column 1: document contains an unsafe property'],
    },
    {
      name: 'a table that reaches for the prototype',
      toml: withRest('[__proto__]\npolluted = true\n'),
      problems: ['line 7, column 2: document contains an unsafe property'],
    },
    {
      name: 'an inline table that reaches for the prototype',
      toml: `${TOP}x = { "__proto__" = 1 }\n`,
      problems: ['line 3, column 7: document contains an unsafe property'],
    },
    {
      name: 'lists nested too deeply',
      toml: `${TOP}x = ${'['.repeat(10_000)}`,
      problems: ['line 3, column 37: document contains excessively nested structures. aborting.'],
    },
    {
      name: 'a date that does not exist',
      toml: `${TOP}x = 2026-99-99\n`,
      problems: ['line 3, column 5: invalid date'],
    },
  ])
})

describe('configuration: a file that is no text is refused', () => {
  testBrokenFiles([
    {
      name: 'more than a mebibyte',
      toml: `# ${'x'.repeat(10_000_000)}\n${withRest('')}`,
      problems: ['found a file of more than 1048576 bytes, expected a TOML file'],
    },
    { name: 'another encoding than UTF-8', toml: Buffer.from(withRest(''), 'utf16le'), problems: [NO_TEXT] },
    { name: 'bytes of no encoding', toml: Buffer.from([0xff, 0xfe, 0x00]), problems: [NO_TEXT] },
    { name: 'a NUL character', toml: 'host_name\0 = "x"\n', problems: [NO_TEXT] },
  ])
})

test('configuration: a key with ten thousand parts is refused like any unknown key', () => {
  const table = 'a.'.repeat(10_000)
  assert.deepEqual(problemsOf(`${withRest('')}\n[${table}b]\nx = "\${NOT_LOOKED_AT}"\n`), [`a: ${UNKNOWN}`])
})

test('configuration: a key with a line break stays in one line', () => {
  assert.deepEqual(problemsOf(`"a\\nb" = 1\n${withRest('')}`), [`"a\\nb": ${UNKNOWN}`])
})

test('configuration: keys of Object.prototype are unknown like any other', () => {
  assert.deepEqual(problemsOf(`hasOwnProperty = 1\n${withRest('')}`), [`hasOwnProperty: ${UNKNOWN}`])
})

test('configuration: a byte order mark and Windows line ends are accepted', () => {
  const config = load(`\ufeff${withRest('').replaceAll('\n', '\r\n')}`)
  assert.equal(config.host_name, 'localhost')
})

describe('configuration: a string takes from the environment what stands in braces behind a dollar sign', () => {
  const isMalformed = `found a "\${" without the name of a variable and a "}", expected \${NAME}`
  const isNotSet = (name: string): string =>
    `found \${${name}}, which is not set, expected the environment variable ${name} to be set`

  testBrokenFiles([
    {
      name: 'a variable that is not set names the key and the variable',
      toml: withRest(`[database_params]\nconnection_url = "\${DATABASE_URL}"\n`),
      problems: [`database_params.connection_url: ${isNotSet('DATABASE_URL')}`],
    },
    {
      name: 'each of two variables that are not set',
      toml: `${TOP}${tls({ server_private_key: `\${A}/\${B}` })}`,
      problems: ['A', 'B'].map((name) => `tls_params.server_private_key: ${isNotSet(name)}`),
    },
    {
      name: 'a reference without an end, which may be part of a password',
      toml: withRest(`[proxy_params]\nurl = "http://p:1"\ncustom_auth_header = "x\${${CANARY}"\n`),
      problems: [`proxy_params.custom_auth_header: ${isMalformed}`],
    },
    {
      name: 'a reference without a name',
      toml: withRest(`[server_params]\nallowed_hosts = ["a.example", "\${}"]\n`),
      problems: [`server_params.allowed_hosts[1]: ${isMalformed}`],
    },
    {
      name: 'what a variable holds is checked and never shown',
      toml: withRest(`[log_params]\nlevel = "\${LEVEL}"\n[server_params]\nallowed_hosts = ["\${HOST}"]`),
      env: { LEVEL: CANARY, HOST: `${CANARY}/` },
      problems: [
        `log_params.level: found "\${LEVEL}", expected "trace", "debug", "info", "warn", "error", "fatal" or "silent"`,
        `server_params.allowed_hosts[0]: found "\${HOST}", expected a host as example.com or example.com:8443`,
      ],
    },
    {
      name: 'no number is made from a string',
      toml: `host_name = "localhost"\nhost_port = "\${PORT}"\n${tls()}`,
      env: { PORT: '8443' },
      problems: ['host_port: found a string, expected an integer from 0 to 65535'],
    },
  ])

  test('anywhere in a string and in the strings of a list', () => {
    const toml = withRest(`[server_params]\nallowed_hosts = ["\${NAME}.example", "b.\${NAME}:444"]\n`)
    assert.deepEqual(load(toml, { NAME: 'a' }).server_params.allowed_hosts, ['a.example', 'b.a:444'])
  })

  test('once: what the variable holds is not looked at again', () => {
    const toml = withRest(`[proxy_params]\nurl = "http://p:1"\ncustom_auth_header = "\${TOKEN}"\n`)
    const config = load(toml, { TOKEN: `\${HOME}`, HOME: 'no' })
    assert.equal(config.proxy_params?.custom_auth_header, `\${HOME}`)
  })

  test('in a path', () => {
    const config = load(`${TOP}${tls({ server_ca_chain: `\${CA}` })}`, { CA: files.root })
    assert.equal(config.tls_params.server_ca_chain, files.root)
  })
})
