/** `auth_server [serve] [CONFIG]` – runs the server until it is told to stop. */
import { processEnvironment } from '../config/environment.ts'
import { DEFAULT_CONFIG_PATH, loadConfig } from '../config/load.ts'
import { type Dependencies, openDependencies } from '../dependencies.ts'
import { type RunningServer, startServer } from '../server.ts'
import { delay } from '../system/clock.ts'
import { VERSION } from '../system/version.ts'
import { type Preparation, StoresAway, startPreparation } from './preparation.ts'

/** sysexits(3) EX_SOFTWARE */
const EXIT_UNEXPECTED = 70
/** sysexits(3) EX_TEMPFAIL */
const EXIT_TEMPORARY = 75

const HEAD_START_MS = 1_000

/** One clear line that says where to go next. */
const announce = ({ config, log }: Dependencies, setupUrl: string | undefined): void => {
  const { issuer } = config.oauth_params
  const next = setupUrl === undefined ? 'ready' : `ready; create the first administrator at ${setupUrl}`
  log.info({ version: VERSION, issuer, discovery: `${issuer}/.well-known/openid-configuration` }, next)
  for (const warning of config.warnings) log.warn(warning)
}

/** Resolves when a signal asks to stop. A second signal does not wait. */
const untilSignal = ({ log }: Dependencies): Promise<void> =>
  new Promise((resolve) => {
    let isStopping = false
    const stop = (signal: string): void => {
      if (isStopping) process.exit(1)
      isStopping = true
      log.info({ signal }, 'stopping: requests under way may finish')
      resolve()
    }
    process.on('SIGTERM', () => stop('SIGTERM'))
    process.on('SIGINT', () => stop('SIGINT'))
  })

/** What nobody caught leaves the process in a state that nobody knows: it ends, and a supervisor starts it again. */
const exitOnUncaught = ({ log }: Dependencies): void => {
  const exit = (error: unknown): void => {
    log.fatal({ err: error }, 'uncaught error')
    log.flush(() => process.exit(EXIT_UNEXPECTED))
  }
  process.on('uncaughtException', exit)
  process.on('unhandledRejection', exit)
}

const WAIT_OPTION = '--wait-db='

/** How long the stores are waited for: as long as it takes, unless an option says how many seconds. */
const patienceMs = (args: string[]): number => {
  const option = args.find((arg) => arg.startsWith(WAIT_OPTION))
  return option === undefined ? Number.POSITIVE_INFINITY : Number(option.slice(WAIT_OPTION.length)) * 1000
}

/**
 * A start that goes well is over before anybody is answered 503. One that has to wait for its stores listens meanwhile, so
 * that a supervisor sees a process that lives and is not ready.
 */
const serve = async (deps: Dependencies, preparation: Preparation, running: (server: RunningServer) => void) => {
  const signal = untilSignal(deps)
  await Promise.race([preparation.done, signal, delay(HEAD_START_MS)])
  running(await startServer(deps, preparation.isDone))
  const prepared = await Promise.race([preparation.done, signal])
  if (prepared) announce(deps, prepared.setupUrl)
  await signal
}

/** Throws what neither waiting nor another start mends. */
export const run = async (args: string[]): Promise<number> => {
  const file = args.find((arg) => !arg.startsWith(WAIT_OPTION)) ?? DEFAULT_CONFIG_PATH
  const deps = openDependencies(loadConfig(file, processEnvironment()))
  exitOnUncaught(deps)
  const preparation = startPreparation(deps, patienceMs(args))
  let server: RunningServer | undefined
  try {
    await serve(deps, preparation, (started) => {
      server = started
    })
  } catch (error) {
    if (!(error instanceof StoresAway)) throw error
    deps.log.fatal({ err: error.cause }, error.message)
    return EXIT_TEMPORARY
  } finally {
    preparation.stop()
    await (server ?? deps).close()
  }
  deps.log.info('stopped')
  return 0
}
