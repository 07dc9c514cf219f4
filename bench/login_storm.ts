/** What a storm of logins does to the tokens of everybody else: their 99th percentile beside 200 queued logins, against its quiet value. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { createInterface } from 'node:readline'
import { createAdmin } from '../test/support/admin.ts'
import type { Certificates } from '../test/support/server.ts'
import { PERSON } from './actors.ts'
import { type Candidate, startOurs, stop } from './candidates.ts'
import { measure } from './load.ts'
import { DRIVER_CORE, pinned } from './processor.ts'
import { clientCredentials } from './scenarios.ts'
import { median } from './table.ts'

export const LOGIN_STORM = {
  name: 'login storm',
  aim: 'token p99 at most 5 times its quiet value beside 200 queued logins',
}

const LOGINS = 200
const USERS = 200
const TOKEN_CONNECTIONS = 8

/** What is shipped, but for the queue, which takes all of them. */
const HASHING = { memory_kib: 19_456, iterations: 2, parallelism: 1, max_concurrent: 2, max_queue: 2 * LOGINS }

type Answers = { right: number; turnedAway: number; other: number }

export type LoginStorm = { quietP99: number; stormP99: number; loginsPerSecond: number; others: number }

const addUsers = async ({ target }: Candidate): Promise<void> => {
  const admin = createAdmin(target, 'main')
  for (let user = 0; user < USERS; user++)
    await admin.createUser({ username: `storm-${user}`, password: PERSON.password })
}

const startDriver = async (candidate: Candidate, files: Certificates): Promise<ChildProcess> => {
  const script = join(import.meta.dirname, 'login_storm_driver.ts')
  const args = [script, candidate.target.issuer, files.authority, String(LOGINS), String(USERS), PERSON.password]
  const [program = execPath, ...rest] = pinned(DRIVER_CORE, [execPath, ...args])
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
  const end = (): void => void child.kill('SIGKILL')
  process.once('exit', end)
  child.once('exit', () => process.off('exit', end))
  await once(createInterface(child.stdout as NodeJS.ReadableStream), 'line')
  return child
}

const stopDriver = async (child: ChildProcess): Promise<Answers> => {
  const answered = once(createInterface(child.stdout as NodeJS.ReadableStream), 'line')
  child.kill('SIGTERM')
  return JSON.parse(String((await answered)[0])) as Answers
}

export const measureLoginStorm = async (
  files: Certificates,
  { rounds, seconds, folder }: { rounds: number; seconds: number; folder: string },
): Promise<LoginStorm> => {
  const ours = await startOurs('server', 'warn', { password_hashing_params: HASHING })
  const { candidate } = ours
  await addUsers(candidate)
  const load = await clientCredentials(candidate)
  const p99 = (): number =>
    measure({ origin: candidate.target.issuer, connections: TOKEN_CONNECTIONS, seconds, load }, folder).p99
  const quiet: number[] = []
  const storm: number[] = []
  const answers: Answers[] = []
  for (let round = 0; round < rounds; round++) {
    quiet.push(p99())
    const driver = await startDriver(candidate, files)
    storm.push(p99())
    answers.push(await stopDriver(driver))
  }
  await stop(candidate)
  await ours.remove()
  const sum = (member: keyof Answers): number => answers.reduce((total, each) => total + each[member], 0)
  return {
    quietP99: median(quiet),
    stormP99: median(storm),
    loginsPerSecond: sum('right') / (rounds * (seconds + 1)),
    others: sum('turnedAway') + sum('other'),
  }
}
