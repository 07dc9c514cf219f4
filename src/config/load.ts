/** From the file and the environment to the frozen Config, or to every problem of it at once. */
import { type Clock, systemClock } from '../system/clock.ts'
import { ConfigError } from './config_error.ts'
import { type Environment, fillFromEnvironment, readInitialAdministrator } from './environment.ts'
import { checkIssuerOf, isLoopbackIssuer } from './issuer.ts'
import { checkPolicy } from './policy.ts'
import { checkProduction } from './production_gate.ts'
import { checkProxy } from './proxy.ts'
import { createReport } from './report.ts'
import type { Config } from './schema.ts'
import { readSecretFiles } from './secret_files.ts'
import { checkSecrets } from './secrets.ts'
import { checkServer } from './server.ts'
import { checkShape } from './shape.ts'
import { checkStores, sessionsStoreOf } from './stores.ts'
import { checkTls } from './tls.ts'
import { readToml, type Tree } from './toml.ts'

export const DEFAULT_CONFIG_PATH = './auth_server.toml'

export type LoadOptions = {
  clock?: Clock
  /** Where log lines go to people: decides the default of log_params.pretty. */
  isTerminal?: boolean
}

const deepFreeze = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const member of Object.values(value)) deepFreeze(member)
  }
  return value
}

/** Throws ConfigError with all problems. Relative paths in the file are relative to the working directory. */
export const loadConfig = (path: string, env: Environment, options: LoadOptions = {}): Config =>
  configOf(path, readToml(path), env, options)

/** The same of a file that was read before: the files that it names are read now. */
export const configOf = (path: string, written: Tree, env: Environment, options: LoadOptions = {}): Config => {
  const report = createReport(written)
  const tree = readSecretFiles(fillFromEnvironment(written, env, report), report)
  const { draft, file } = checkShape(tree, report)
  const isProduction = draft.server_params?.production ?? false
  const now = (options.clock ?? systemClock).now()
  const { tls, pem, leaf, certificates } = checkTls({ draft, now, isProduction }, report)
  const issuer = checkIssuerOf(draft, leaf, report)
  const stores = checkStores(draft, tree, report)
  const proxy = checkProxy(draft.proxy_params, report)
  const { hosts, trustedProxies } = checkServer(draft, issuer, report)
  checkPolicy(draft, report)
  checkSecrets(draft.secrets_params ?? {}, report)
  checkProduction(draft, { issuer, certificates, stores, proxy }, report)
  const administrator = readInitialAdministrator(env, report)
  if (report.problems.length > 0 || !file || !pem || issuer === undefined) throw new ConfigError(path, report.problems)

  return deepFreeze({
    ...file,
    sessions_store_params: sessionsStoreOf(file, tree),
    oauth_params: { ...file.oauth_params, issuer },
    server_params: { ...file.server_params, trusted_proxies: trustedProxies },
    log_params: {
      level: file.log_params.level,
      pretty: file.log_params.pretty ?? options.isTerminal ?? process.stdout.isTTY === true,
    },
    tls,
    asks_for_certificate:
      file.tls_params.client_ca_cert_chain !== undefined && file.mtls_params.host_port === undefined,
    is_development: !isProduction && isLoopbackIssuer(issuer),
    hosts,
    pem,
    warnings: [...report.warnings],
    initial_administrator: administrator,
  })
}
