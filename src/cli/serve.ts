/** `auth_server [serve] [CONFIG]` – runs the server until it is told to stop. */
import { forgetVariables, processEnvironment } from '../config/environment.ts'
import { configOf, DEFAULT_CONFIG_PATH } from '../config/load.ts'
import { readToml, type Tree } from '../config/toml.ts'
import { type Dependencies, openDependencies } from '../dependencies.ts'
import { type Reload, startReload } from '../reload.ts'
import { type RunningServer, startServer } from '../server.ts'
import { delay } from '../system/clock.ts'
import type { Log } from '../system/log.ts'
import { holderOf } from '../system/port_holder.ts'
import { VERSION } from '../system/version.ts'
import { type Preparation, type Readiness, StoresAway, startPreparation } from './preparation.ts'

/** sysexits(3) EX_SOFTWARE */
const EXIT_UNEXPECTED = 70
/** sysexits(3) EX_TEMPFAIL */
const EXIT_TEMPORARY = 75

const HEAD_START_MS = 1_000
/** For what is left to close after the grace time. */
const LAST_PATIENCE_MS = 5_000

/** One clear line that says where to go next. */
const announce = ({ config, log }: Dependencies, setupUrl: string | undefined): void => {
  const { issuer } = config.oauth_params
  const next = setupUrl === undefined ? 'ready' : `ready; create the first administrator at ${setupUrl}`
  log.info({ version: VERSION, issuer, discovery: `${issuer}/.well-known/openid-configuration` }, next)
  for (const warning of config.warnings) log.warn(warning)
}

/** What ends the process: a signal, after which a second one does not wait, or an error that nobody caught. */
type End = { signal: string } | { error: unknown }

/**
 * What nobody caught leaves the process in a state that nobody knows: it lets the requests under way finish and ends, and a
 * supervisor starts it again. A second one ends it at once.
 */
const untilEnd = ({ config, log }: Dependencies): Promise<End> =>
  new Promise((resolve) => {
    let isEnding = false
    const endBy = (end: End, atOnce: number): void => {
      if (isEnding) log.flush(() => process.exit(atOnce))
      isEnding = true
      resolve(end)
    }
    for (const signal of ['SIGTERM', 'SIGINT'])
      process.on(signal, () => {
        log.info({ signal }, 'stopping: requests under way may finish')
        endBy({ signal }, 1)
      })
    for (const event of ['uncaughtException', 'unhandledRejection'])
      process.on(event, (error: unknown) => {
        log.fatal({ err: error }, 'uncaught error: requests under way may finish')
        // Nobody knows whether anything still ends by itself.
        const patienceMs = config.server_params.shutdown_grace_secs * 1000 + LAST_PATIENCE_MS
        setTimeout(() => process.exit(EXIT_UNEXPECTED), patienceMs).unref()
        endBy({ error }, EXIT_UNEXPECTED)
      })
  })

/** T-OP-09 – Node.js would open a debugger to whoever may send the signal. */
const refuseDebugger = ({ log }: Dependencies): void => {
  process.on('SIGUSR1', () => log.warn('SIGUSR1 is ignored: there is no debugger here'))
}

/** SIGHUP before the server runs is answered once it does. */
const createHangup = () => {
  let isAsked = false
  let reload: Reload | undefined
  process.on('SIGHUP', () => {
    isAsked = true
    reload?.fromFile()
  })
  return {
    serve(started: Reload): void {
      reload = started
      if (isAsked) reload.fromFile()
    },
    stop: () => reload?.stop(),
  }
}

const WAIT_OPTION = '--wait-db='
const DOWNGRADE_OPTION = '--allow-downgrade'

/** How long the stores are waited for: as long as it takes, unless an option says how many seconds. */
const readinessOf = (args: string[]): Readiness => {
  const option = args.find((arg) => arg.startsWith(WAIT_OPTION))
  return {
    patienceMs: option === undefined ? Number.POSITIVE_INFINITY : Number(option.slice(WAIT_OPTION.length)) * 1000,
    newer: args.includes(DOWNGRADE_OPTION) ? 'accepted' : 'refused',
  }
}

/** F-37 – another server, or this one already. */
class PortTaken extends Error {
  /** sysexits(3) EX_OSERR */
  readonly exitStatus = 71

  constructor(port: number, cause: unknown) {
    const holder = holderOf(port)
    super(`port ${port} is taken${holder === undefined ? '' : ` by process ${holder}`}`, { cause })
    this.name = 'PortTaken'
  }
}

const listen = async (deps: Dependencies, isPrepared: () => boolean): Promise<RunningServer> => {
  try {
    return await startServer(deps, isPrepared)
  } catch (error) {
    const { code, port } = error as NodeJS.ErrnoException & { port?: number }
    throw code === 'EADDRINUSE' && port !== undefined ? new PortTaken(port, error) : error
  }
}

/**
 * A start that goes well is over before anybody is answered 503. One that has to wait for its stores listens meanwhile, so
 * that a supervisor sees a process that lives and is not ready.
 */
const serve = async (
  deps: Dependencies,
  preparation: Preparation,
  running: (server: RunningServer) => void,
): Promise<End> => {
  const end = untilEnd(deps)
  await Promise.race([preparation.done, end, delay(HEAD_START_MS)])
  running(await listen(deps, preparation.isDone))
  const prepared = await Promise.race([preparation.done, end.then(() => undefined)])
  if (prepared) announce(deps, prepared.setupUrl)
  return await end
}

/** Log lines that nobody takes must not hold up the end. */
const flush = (log: Log, status: number): Promise<void> =>
  new Promise((resolve) => {
    log.flush((error) => (error ? process.exit(status) : resolve()))
  })

const open = (file: string): { deps: Dependencies; written: Tree } => {
  const env = processEnvironment()
  const written = readToml(file)
  const deps = openDependencies(configOf(file, written, env))
  // T-OP-05 – no program that is started from here inherits them.
  forgetVariables(written)
  return { deps, written }
}

/** Throws what neither waiting nor another start mends. */
export const run = async (args: string[]): Promise<number> => {
  const file = args.find((arg) => !arg.startsWith('--')) ?? DEFAULT_CONFIG_PATH
  const env = { ...processEnvironment() }
  const { deps, written } = open(file)
  const { config, log } = deps
  const hangup = createHangup()
  refuseDebugger(deps)
  const preparation = startPreparation(deps, readinessOf(args))
  let server: RunningServer | undefined
  let status = 0
  try {
    const end = await serve(deps, preparation, (started) => {
      server = started
      hangup.serve(startReload({ file, written, config, env, log, parts: [started, deps] }))
    })
    if ('error' in end) status = EXIT_UNEXPECTED
  } catch (error) {
    if (!(error instanceof StoresAway)) throw error
    log.fatal({ err: error.cause }, error.message)
    status = EXIT_TEMPORARY
  } finally {
    preparation.stop()
    hangup.stop()
    await (server ?? deps).close()
  }
  log.info('stopped')
  await flush(log, status)
  return status
}
