/** A database of its own for one test, on the engine that TEST_POSTGRESQL_URL or TEST_MYSQL_URL names. */
import { randomBytes } from 'node:crypto'
import { createConnection } from 'mysql2/promise'
import { Client } from 'pg'

export type ScratchDatabase = { url: string; drop(): Promise<void> }

const inPostgresql = async (url: string, statement: string): Promise<void> => {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

const inMysql = async (url: string, statement: string): Promise<void> => {
  const connection = await createConnection(url)
  try {
    await connection.query(statement)
  } finally {
    await connection.end()
  }
}

const engines = {
  postgresql: { run: inPostgresql, drop: (name: string) => `DROP DATABASE IF EXISTS ${name} WITH (FORCE)` },
  mysql: { run: inMysql, drop: (name: string) => `DROP DATABASE IF EXISTS ${name}` },
}

export const createScratchDatabase = async (
  engine: keyof typeof engines,
  serverUrl: string,
): Promise<ScratchDatabase> => {
  const name = `scratch_${randomBytes(8).toString('hex')}`
  const { run, drop } = engines[engine]
  await run(serverUrl, `CREATE DATABASE ${name}`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => run(serverUrl, drop(name)) }
}
