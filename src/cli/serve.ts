/** `auth_server [serve] [CONFIG]` – runs the server until it is told to stop. */
import { bootstrap } from '../bootstrap.ts'
import { processEnvironment } from '../config/environment.ts'
import { DEFAULT_CONFIG_PATH, loadConfig } from '../config/load.ts'
import { createDependencies, type Dependencies } from '../dependencies.ts'
import { type RunningServer, startServer } from '../server.ts'
import { VERSION } from '../system/version.ts'

/** sysexits(3) EX_SOFTWARE */
const EXIT_UNEXPECTED = 70

/** One clear line that says where to go next. */
const announce = ({ config, log }: Dependencies, setupUrl: string | undefined): void => {
  const { issuer } = config.oauth_params
  const next = setupUrl === undefined ? 'ready' : `ready; create the first administrator at ${setupUrl}`
  log.info({ version: VERSION, issuer, discovery: `${issuer}/.well-known/openid-configuration` }, next)
  for (const warning of config.warnings) log.warn(warning)
}

/** Resolves when a signal asked to stop and everything is closed. A second signal does not wait. */
const untilStopped = ({ log }: Dependencies, server: RunningServer): Promise<void> =>
  new Promise((resolve, reject) => {
    let isStopping = false
    const stop = (signal: string): void => {
      if (isStopping) process.exit(1)
      isStopping = true
      log.info({ signal }, 'stopping: requests under way may finish')
      server.close().then(resolve, reject)
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

export const run = async (args: string[]): Promise<number> => {
  const deps = await createDependencies(loadConfig(args[0] ?? DEFAULT_CONFIG_PATH, processEnvironment()))
  exitOnUncaught(deps)
  const { setupUrl } = await bootstrap(deps)
  const server = await startServer(deps)
  announce(deps, setupUrl)
  await untilStopped(deps, server)
  deps.log.info('stopped')
  return 0
}
