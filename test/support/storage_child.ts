/** Another process on the database of a test. Takes its task as JSON, says `ready`, and begins when a line comes in. */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { type ConnectionParams, openDatabase } from '../../src/storage/database.ts'
import { type MigrationSet, migrate } from '../../src/storage/migrate.ts'
import type { Schema } from '../../src/storage/schema.ts'
import { createStore } from '../../src/storage/store.ts'
import { createLog } from '../../src/system/log.ts'
import { churn } from './storage_churn.ts'
import { type Contest, countWins } from './storage_contest.ts'

export type ChildTask =
  | { task: 'migrate'; params: ConnectionParams; set: MigrationSet }
  | { task: 'contend'; params: ConnectionParams; contests: Contest[]; callers: number }
  | { task: 'churn'; params: ConnectionParams; realmId: string; clientId: string; userId: string }

const say = (line: unknown): void => {
  process.stdout.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`)
}

const perform = async (task: ChildTask): Promise<unknown> => {
  const log = createLog({ level: 'silent', pretty: false })
  const database = openDatabase<Schema>(task.params, log)
  const store = createStore(database)
  try {
    if (task.task === 'migrate') return await migrate(database, task.set, log)
    if (task.task === 'contend') return await countWins(store, task.contests, task.callers)
    return await churn({ store, ...task }, say)
  } finally {
    await database.close()
  }
}

const task = JSON.parse(process.argv[2] ?? '') as ChildTask
const input = createInterface(process.stdin)
say('ready')
await once(input, 'line')
input.close()
process.stdin.unref()
say({ result: await perform(task) })
