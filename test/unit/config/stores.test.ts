import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseStoreUrl, URL_FORMS } from '../../../src/config/database_url.ts'
import { parseRedisUrl } from '../../../src/config/redis_url.ts'
import { CANARY, load, problemsOf, testBrokenFiles, withRest } from './broken.ts'
import { directory, files, put } from './pki.ts'

const url = (backend: string, text: string): string =>
  withRest(`[database_params]\nbackend = "${backend}"\nconnection_url = ${JSON.stringify(text)}\n`)

const refused = (name: string, backend: keyof typeof URL_FORMS, text: string, found: string) => ({
  name,
  toml: url(backend, text),
  problems: [`database_params.connection_url: found ${found}, expected ${URL_FORMS[backend]}`],
})

const disagrees = (name: string, backend: keyof typeof URL_FORMS, text: string, found: string) =>
  refused(name, backend, text, found).problems.map((problem) => ({
    name,
    toml: url(backend, text),
    problems: [`${problem}, because backend is "${backend}"`],
  }))

describe('configuration: a connection_url that cannot be used', () => {
  testBrokenFiles([
    refused('no URL', 'postgresql', `${CANARY}`, 'no URL'),
    refused('another scheme', 'postgresql', `jdbc:postgresql://h/${CANARY}`, 'a URL of another form'),
    refused('no database', 'postgresql', `postgresql://u:${CANARY}@h:5432`, 'no database name, or more path than that'),
    refused('a database and more', 'mysql', `mysql://u:${CANARY}@h/a/b`, 'no database name, or more path than that'),
    refused(
      'a socket without a database',
      'postgresql',
      `postgresql://u:${CANARY}@/db`,
      'no database name, or more path than that',
    ),
    refused(
      'a port that is none',
      'mysql',
      `mysql://u:${CANARY}@h:99999/db`,
      'a port that is no number from 1 to 65535',
    ),
    refused(
      'a port of letters',
      'postgresql',
      `postgresql://u@h:${CANARY}/db`,
      'a port that is no number from 1 to 65535',
    ),
    refused(
      'a host that is none',
      'postgresql',
      `postgresql://u@${CANARY}_%/db`,
      'a host that is no name and no address',
    ),
    refused(
      'an @ in the password',
      'postgresql',
      `postgresql://u:${CANARY}@x@h/db`,
      'more than one @ (inside a password it is written %40)',
    ),
    refused(
      'a slash in the password',
      'mysql',
      `mysql://u:a/${CANARY}@h/db`,
      'a port that is no number from 1 to 65535',
    ),
    refused(
      'a % that begins no escape',
      'mysql',
      `mysql://u:100%${CANARY}@h/db`,
      'a % that begins no escape (a % itself is written %25)',
    ),
    refused(
      'a mode of TLS that there is not',
      'postgresql',
      `postgresql://u:${CANARY}@h/db?sslmode=maybe`,
      'an sslmode that is not known',
    ),
    refused('a SQLite URL without a file', 'sqlite', 'sqlite://', 'a SQLite URL of another form'),
    refused('a SQLite URL with one slash', 'sqlite', 'sqlite:/data/x.db', 'a SQLite URL of another form'),
    refused('a SQLite URL with parameters', 'sqlite', 'sqlite://x.db?mode=rwc', 'a SQLite URL of another form'),
    refused('a SQLite URL of a directory', 'sqlite', 'sqlite:///data/', 'a directory'),
    {
      name: 'a SQLite file in a directory that is not there',
      toml: url('sqlite', 'sqlite:///nowhere/x.db'),
      problems: [
        'database_params.connection_url: found a file in a directory that does not exist, expected one in a directory that does',
      ],
    },
    {
      name: 'a certificate authority that is not there',
      toml: url('postgresql', `postgresql://u:${CANARY}@h/db?sslmode=verify-full&sslrootcert=nowhere`),
      problems: [
        'database_params.connection_url: found no file there for the sslrootcert or ssl-ca of the URL, expected a file in PEM',
      ],
    },
    ...disagrees('MySQL for PostgreSQL', 'postgresql', `mysql://u:${CANARY}@h/db`, 'a URL of mysql'),
    ...disagrees('PostgreSQL for SQLite', 'sqlite', `postgres://u:${CANARY}@h/db`, 'a URL of postgresql'),
    ...disagrees('SQLite for MySQL', 'mysql', 'sqlite::memory:', 'a URL of sqlite'),
    {
      name: 'a backend without a URL, which is that of SQLite then',
      toml: withRest('[database_params]\nbackend = "mysql"\n'),
      problems: [
        `database_params.connection_url: found a URL of sqlite, expected ${URL_FORMS.mysql}, because backend is "mysql"`,
      ],
    },
    {
      name: 'no backend that is known, so that any form is offered',
      toml: withRest(`[database_params]\nbackend = "oracle"\nconnection_url = "${CANARY}"\n`),
      problems: [
        'database_params.backend: found "oracle", expected "sqlite", "postgresql" or "mysql"',
        `database_params.connection_url: found no URL, expected ${URL_FORMS.sqlite}, ${URL_FORMS.postgresql}, ${URL_FORMS.mysql}`,
      ],
    },
  ])
})

describe('configuration: Redis', () => {
  const sessions = (text: string): string =>
    withRest(`[sessions_store_params]\nbackend = "redis"\nconnection_url = "${text}"\n`)
  const found = (what: string): string[] => [
    `sessions_store_params.connection_url: found ${what}, expected ${URL_FORMS.redis}`,
  ]

  testBrokenFiles([
    {
      name: 'is no primary database, and the file says why',
      toml: url('redis', `redis://:${CANARY}@h:6379/0`),
      problems: [
        'database_params.backend: found "redis", expected "sqlite", "postgresql" or "mysql": Redis is no primary database, it can hold only sessions ([sessions_store_params])',
      ],
    },
    {
      name: 'Sentinels without the name of what they watch',
      toml: sessions(`redis+sentinel://:${CANARY}@a:26379,b:26379`),
      problems: found('no name of the primary that the Sentinels watch'),
    },
    {
      name: 'a Cluster with a database',
      toml: sessions(`redis+cluster://:${CANARY}@a:6379,b:6379/1`),
      problems: found('a path, which a Cluster has not'),
    },
    {
      name: 'several hosts without saying what they are',
      toml: sessions(`redis://:${CANARY}@a:6379,b:6379`),
      problems: found('several hosts without saying what they are'),
    },
    {
      name: 'an empty place in the list',
      toml: sessions(`redis+cluster://:${CANARY}@a:6379,,b:6379`),
      problems: found('a host that is no name and no address, or a port that is no number from 1 to 65535'),
    },
    {
      name: 'a port of the list that is none',
      toml: sessions(`redis+sentinel://:${CANARY}@a:99999,b:26379/primary`),
      problems: found('a host that is no name and no address, or a port that is no number from 1 to 65535'),
    },
    {
      name: 'an @ in the password of a list',
      toml: sessions(`redis+cluster://u:${CANARY}@x@a:6379`),
      problems: found('more than one @ (inside a password it is written %40)'),
    },
    {
      name: 'a % that begins no escape in the password of a list',
      toml: sessions(`redis+cluster://u:100%${CANARY}@a:6379`),
      problems: found('a % that begins no escape (a % itself is written %25)'),
    },
    {
      name: 'another form of list',
      toml: sessions(`redis+shard://u:${CANARY}@a:6379`),
      problems: found('a URL of another form'),
    },
    {
      name: 'a database that is no number',
      toml: sessions('redis://h:6379/x'),
      problems: found('no database name, or more path than that'),
    },
    { name: 'no host', toml: sessions('redis:///0'), problems: found('no host') },
    {
      name: 'a URL of SQLite, which is the default',
      toml: withRest('[sessions_store_params]\nbackend = "redis"\n'),
      problems: [
        `sessions_store_params.connection_url: found a URL of sqlite, expected ${URL_FORMS.redis}, because backend is "redis"`,
      ],
    },
  ])

  test('its lists are taken apart: hosts, ports, names, who signs in, and TLS', () => {
    assert.deepEqual(parseRedisUrl('redis+sentinel://u:p%40w@a:26379,[::1],c:1/my-primary/3?sentinel_password=s'), {
      layout: { kind: 'sentinel', primary: 'my-primary', database: 3, sentinelPassword: 's' },
      nodes: [
        { host: 'a', port: 26_379 },
        { host: '::1', port: 26_379 },
        { host: 'c', port: 1 },
      ],
      hasTls: false,
      username: 'u',
      password: 'p@w',
    })
    assert.deepEqual(parseRedisUrl('rediss+cluster://:pw@cache.example,10.0.0.7:7000'), {
      layout: { kind: 'cluster' },
      nodes: [
        { host: 'cache.example', port: 6_379 },
        { host: '10.0.0.7', port: 7_000 },
      ],
      hasTls: true,
      username: undefined,
      password: 'pw',
    })
  })

  test('a list is as far away as the farthest of its hosts', () => {
    const facts = (text: string) => {
      const parsed = parseStoreUrl(text)
      return 'found' in parsed ? parsed.found : [parsed.isRemote, parsed.hasTls]
    }
    assert.deepEqual(facts('redis+sentinel://127.0.0.1:1,[::1]:2/primary'), [false, false])
    assert.deepEqual(facts('redis+sentinel://127.0.0.1:1,cache:2/primary'), [true, false])
    assert.deepEqual(facts('rediss+cluster://cache:2'), [true, true])
  })

  test('holds sessions', () => {
    const config = load(sessions('rediss://user:pw@cache:6380/3'))
    assert.equal(config.sessions_store_params.backend, 'redis')
    assert.equal(config.database_params.backend, 'sqlite')
  })
})

describe('configuration: pools', () => {
  testBrokenFiles([
    {
      name: 'more connections kept than there may be, in both tables',
      toml: withRest(
        '[database_params]\nmin_connections = 11\n[sessions_store_params]\nmin_connections = 3\nmax_connections = 2\n',
      ),
      problems: [
        'database_params.min_connections: found 11, expected at most max_connections, which is 10',
        'sessions_store_params.min_connections: found 3, expected at most max_connections, which is 2',
      ],
    },
  ])
})

describe('configuration: a secret in a file of its own', () => {
  const proxy = (keys: string): string =>
    withRest(`[proxy_params]\nurl = "http://localhost:3128"\nbasic_auth_username = "u"\n${keys}`)
  const secret = put('secret', `\n  ${CANARY} \r\n`)

  testBrokenFiles([
    {
      name: 'beside the secret itself',
      toml: proxy(`basic_auth_password = "${CANARY}"\nbasic_auth_password_file = ${JSON.stringify(secret)}\n`),
      problems: [
        'proxy_params.basic_auth_password_file: found both it and basic_auth_password, expected only one of them',
      ],
    },
    {
      name: 'that is not there',
      toml: proxy('basic_auth_password_file = "nowhere"\n'),
      problems: [
        'proxy_params.basic_auth_password_file: found no file there ("nowhere"), expected a file that holds the secret',
      ],
    },
    {
      name: 'that is empty',
      toml: proxy(`basic_auth_password_file = ${JSON.stringify(files.empty)}\n`),
      problems: ['proxy_params.basic_auth_password_file: found an empty file, expected a file that holds the secret'],
    },
    {
      name: 'that is missing for a URL, without a second problem for the backend',
      toml: withRest('[database_params]\nbackend = "mysql"\nconnection_url_file = "nowhere"\n'),
      problems: [
        'database_params.connection_url_file: found no file there ("nowhere"), expected a file that holds the secret',
      ],
    },
    {
      name: 'whose path is no string',
      toml: proxy('basic_auth_password_file = 1\n'),
      problems: ['proxy_params.basic_auth_password_file: found 1, expected the path of a file'],
    },
    {
      name: 'which holds what cannot be used, named by the key of the file',
      toml: withRest(`[database_params]\nbackend = "postgresql"\nconnection_url_file = ${JSON.stringify(secret)}\n`),
      problems: [`database_params.connection_url_file: found no URL, expected ${URL_FORMS.postgresql}`],
    },
  ])

  test('is read without the white space around it', () => {
    const config = load(proxy(`basic_auth_password_file = ${JSON.stringify(secret)}\n`))
    assert.equal(config.proxy_params?.basic_auth_password, CANARY)
  })

  test('every secret key has a file', () => {
    const file = (name: string, text: string): string => JSON.stringify(put(name, text))
    const config = load(
      withRest(`[database_params]\nbackend = "mysql"\nconnection_url_file = ${file('database_url', 'mysql://u:p@h/db\n')}
[sessions_store_params]\nbackend = "redis"\nconnection_url_file = ${file('redis_url', 'redis://h\n')}
[proxy_params]\nurl = "http://localhost:1"\ncustom_auth_header_file = ${file('header', 'Bearer x\n')}\n`),
    )
    assert.equal(config.database_params.connection_url, 'mysql://u:p@h/db')
    assert.equal(config.sessions_store_params.connection_url, 'redis://h')
    assert.equal(config.proxy_params?.custom_auth_header, 'Bearer x')
  })

  test('that others can read is a warning', () => {
    const exposed = put('exposed_secret', CANARY, 0o644)
    assert.deepEqual(load(proxy(`basic_auth_password_file = ${JSON.stringify(exposed)}\n`)).warnings, [
      'proxy_params.basic_auth_password_file: others than its owner can read the file (mode 0600 would prevent it)',
    ])
  })
})

describe('configuration: the session store', () => {
  const database =
    '[database_params]\nbackend = "postgresql"\nconnection_url = "postgresql://u@h/db"\nmax_connections = 7\nauto_init_schema = false\n'

  test('without its table is the database', () => {
    const { database_params, sessions_store_params } = load(withRest(database))
    const { allow_plaintext_database, ...same } = database_params
    assert.equal(allow_plaintext_database, false)
    assert.deepEqual(sessions_store_params, same)
  })

  test('without a store of its own is the database, reached in another way', () => {
    const { sessions_store_params } = load(withRest(`${database}[sessions_store_params]\nmax_connections = 3\n`))
    assert.equal(sessions_store_params.connection_url, 'postgresql://u@h/db')
    assert.equal(sessions_store_params.max_connections, 3)
    assert.equal(sessions_store_params.auto_init_schema, false)
  })

  test('with a store of its own has the defaults of every store', () => {
    const own = '[sessions_store_params]\nconnection_url = "sqlite://sessions.db"\n'
    const { sessions_store_params } = load(withRest(`${database}${own}`))
    assert.equal(sessions_store_params.backend, 'sqlite')
    assert.equal(sessions_store_params.max_connections, 10)
    assert.equal(sessions_store_params.auto_init_schema, true)
  })
})

describe('configuration: the forms of connection_url', () => {
  const accepted: [string, object][] = [
    ['sqlite://auth_server.db', { backend: 'sqlite', file: 'auth_server.db', isRemote: false, hasTls: false }],
    ['sqlite:///var/lib/auth.db', { backend: 'sqlite', file: '/var/lib/auth.db', isRemote: false, hasTls: false }],
    ['sqlite::memory:', { backend: 'sqlite', file: ':memory:', isRemote: false, hasTls: false }],
    ['postgresql://user:p%40w@db.example:5432/auth', { backend: 'postgresql', isRemote: true, hasTls: false }],
    ['postgres://user:pw@db_1/auth?sslmode=require', { backend: 'postgresql', isRemote: true, hasTls: true }],
    ['postgresql://user:pw@/run/postgresql/auth', { backend: 'postgresql', isRemote: false, hasTls: false }],
    ['postgresql:///run/postgresql/auth', { backend: 'postgresql', isRemote: false, hasTls: false }],
    ['postgresql://user@[::1]:5432/auth', { backend: 'postgresql', isRemote: false, hasTls: false }],
    ['postgresql://user@[fd00::1]/auth?sslmode=no-verify', { backend: 'postgresql', isRemote: true, hasTls: false }],
    ['mysql://user:pw@127.0.0.1:3306/auth', { backend: 'mysql', isRemote: false, hasTls: false }],
    ['mysql://user:pw@db/auth?ssl-mode=VERIFY_IDENTITY', { backend: 'mysql', isRemote: true, hasTls: true }],
    ['mysql://user:pw@/run/mysqld/mysqld.sock/auth', { backend: 'mysql', isRemote: false, hasTls: false }],
    ['redis://cache:6379/0', { backend: 'redis', isRemote: true, hasTls: false }],
    ['rediss://user:pw@cache', { backend: 'redis', isRemote: true, hasTls: true }],
    ['redis://localhost', { backend: 'redis', isRemote: false, hasTls: false }],
  ]
  for (const [text, facts] of accepted) {
    test(text, () => assert.deepEqual({ ...parseStoreUrl(text), caFile: undefined }, { ...facts, caFile: undefined }))
  }

  test('a relative and an absolute path may be given for a SQLite file', () => {
    assert.deepEqual(problemsOf(url('sqlite', `sqlite://${directory}/x.db`)), [])
    assert.deepEqual(problemsOf(url('sqlite', 'sqlite://x.db')), [])
  })
})
