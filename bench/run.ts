/**
 * `npm run bench` – this server beside the floor and beside node-oidc-provider, in rounds that take turns, so that what else the
 * machine does falls on all alike. The ratios are the result; the rates are of this machine and this moment.
 *
 *   npm run bench -- --quick           short rounds, to see that everything still runs
 *   npm run bench -- --only=refresh    the scenarios whose name begins so
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { send } from '../test/support/client.ts'
import { testCertificates } from '../test/support/server.ts'
import { type Candidate, residentMiB, startFloor, startOurs, startPeer, stop } from './candidates.ts'
import { driverName, type Load, type Measured, measure } from './load.ts'
import { LOGIN_STORM, measureLoginStorm } from './login_storm.ts'
import { isPinned } from './processor.ts'
import { type Scenario, scenarios } from './scenarios.ts'
import { median, table } from './table.ts'

const { values: options } = parseArgs({ options: { quick: { type: 'boolean' }, only: { type: 'string' } } })

const rounds = options.quick ? 2 : 5
const seconds = options.quick ? 2 : 6
const connections = 32

const say = (text: string): void => void process.stdout.write(`${text}\n`)

const folder = mkdtempSync(join(tmpdir(), 'auth_server_bench-'))
const files = await testCertificates()

say(`Node ${process.version}, ${driverName}, ${connections} connections, ${rounds} rounds of ${seconds} s`)
say(isPinned ? 'Servers on one core, the driver on another.' : 'Nothing is pinned to a core: the ratios are rough.')

const ours = await startOurs('server', 'warn')
const talkative = await startOurs('server, log level info', 'info')
const document = await send(ours.candidate.target, 'GET', ours.candidate.paths.discovery)
const candidates: Candidate[] = [
  ours.candidate,
  talkative.candidate,
  await startFloor(files, document.body.length),
  await startPeer(files, 'peer in memory', 'memory'),
  await startPeer(files, 'peer on SQLite', join(folder, 'peer.db')),
]
const idle = new Map(candidates.map((candidate) => [candidate.name, residentMiB(candidate)]))

const oneRun = (candidate: Candidate, load: Load, duration: number): Measured =>
  measure({ origin: candidate.target.issuer, connections, seconds: duration, load }, folder)

const runScenario = async (scenario: Scenario): Promise<Map<string, Measured[]>> => {
  const taking = candidates.filter(({ name }) => scenario.candidates.includes(name))
  const results = new Map<string, Measured[]>(taking.map(({ name }) => [name, []]))
  for (const candidate of taking) oneRun(candidate, await scenario.load(candidate, connections), 1)
  for (let round = 0; round < rounds; round++) {
    for (const candidate of taking) {
      const measured = oneRun(candidate, await scenario.load(candidate, connections), seconds)
      results.get(candidate.name)?.push(measured)
    }
  }
  return results
}

const of = (runs: Measured[] | undefined, member: keyof Measured): number =>
  median((runs ?? []).map((run) => run[member]))

const rowsOf = (scenario: Scenario, results: Map<string, Measured[]>): string[][] => {
  const server = of(results.get('server'), 'rate')
  return [...results].map(([name, runs]) => [
    name,
    (of(runs, 'rate') / scenario.answersEach).toFixed(0),
    name === 'server' ? '' : (server / of(runs, 'rate')).toFixed(2),
    of(runs, 'p50').toFixed(1),
    of(runs, 'p99').toFixed(1),
    String(runs.reduce((sum, run) => sum + run.errors, 0)),
  ])
}

for (const scenario of scenarios.filter(({ name }) => name.startsWith(options.only ?? ''))) {
  const results = await runScenario(scenario)
  say(`\n${scenario.name} – aim: ${scenario.aim}`)
  say(table([['', 'a second', 'server / it', 'p50 ms', 'p99 ms', 'errors'], ...rowsOf(scenario, results)]))
}

if (LOGIN_STORM.name.startsWith(options.only ?? '')) {
  const { quietP99, stormP99, loginsPerSecond, others } = await measureLoginStorm(files, { rounds, seconds, folder })
  say(`\n${LOGIN_STORM.name} – aim: ${LOGIN_STORM.aim}`)
  say(
    table([
      ['', 'quiet p99 ms', 'storm p99 ms', 'storm / quiet', 'logins a second', 'other answers'],
      [
        'server',
        quietP99.toFixed(1),
        stormP99.toFixed(1),
        (stormP99 / quietP99).toFixed(2),
        loginsPerSecond.toFixed(0),
        String(others),
      ],
    ]),
  )
}

const loaded = new Map(candidates.map((candidate) => [candidate.name, residentMiB(candidate)]))
await Promise.all(candidates.map(stop))

/** On the database that is there by now, which is what a restart is. */
const startUps: number[] = []
for (let round = 0; round < rounds; round++) {
  const again = await ours.again()
  startUps.push(again.startedInMs)
  await stop(again)
}

say(`\nmemory and start – aim: 120 MiB idle, first answer within 1000 ms`)
say(
  table([
    ['', 'MiB idle', 'MiB after load', 'first answer ms'],
    ...candidates.map(({ name, startedInMs }) => [
      name,
      String(idle.get(name) ?? '?'),
      String(loaded.get(name) ?? '?'),
      String(name === 'server' ? median(startUps) : startedInMs),
    ]),
  ]),
)
await ours.remove()
await talkative.remove()
rmSync(folder, { recursive: true, force: true })
