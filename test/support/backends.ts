/** The servers that the tests may use, named by the environment. */

const variables = {
  postgresql: 'TEST_POSTGRESQL_URL',
  mysql: 'TEST_MYSQL_URL',
  redis: 'TEST_REDIS_URL',
} as const

export type BackendName = keyof typeof variables

/** Undefined when it is not there: the caller skips, and says so. Throws instead where every backend is required. */
export const backend = (name: BackendName): { url: string } | undefined => {
  const variable = variables[name]
  const url = process.env[variable]
  if (url) return { url }
  if (process.env.AUTH_SERVER_TEST_REQUIRE === 'all')
    throw new Error(`${variable} is not set, and every backend is required`)
  return undefined
}

/** For the `skip` option of a test: the reason, or false. */
export const skipWithout = (name: BackendName): string | false =>
  backend(name) ? false : `${variables[name]} is not set`
