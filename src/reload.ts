/**
 * Configuration that changes while the server runs: read again when asked to (SIGHUP), and the files of [tls_params] also when they
 * change. All of it is checked first and taken on in one step; with any problem everything stays as it is.
 */
import { ConfigError } from './config/config_error.ts'
import type { Environment } from './config/environment.ts'
import { configOf } from './config/load.ts'
import type { Config } from './config/schema.ts'
import { readToml, type Tree } from './config/toml.ts'
import { type FileWatch, watchFiles } from './system/file_watch.ts'
import type { Log } from './system/log.ts'

/** Takes on what it can of a configuration. */
export type Reloadable = { apply(config: Config): void }

export type ReloadParams = {
  file: string
  /** What was read from `file` for `config`. */
  written: Tree
  config: Config
  env: Environment
  log: Log
  /** In this order. */
  parts: readonly Reloadable[]
}

export type Reload = {
  /** True when the file is in force now. */
  fromFile(): boolean
  stop(): void
}

const WATCH_EVERY_MS = 1_000

/** What can change, table or key; anything else waits for the next start. */
const CHANGEABLE = [
  'log_params.level',
  'proxy_params',
  'rate_limit_params',
  'server_params.trusted_proxies',
  'tls_params',
]

/** Worked out from the rest of the configuration. */
const DERIVED = new Set(['tls', 'is_development', 'hosts', 'warnings', 'initial_administrator', 'asks_for_certificate'])

/** What was read from files, by the keys that name them. */
const READ_FROM: Readonly<Record<string, string>> = {
  'pem.server_private_key': 'tls_params.server_private_key',
  'pem.server_certificate': 'tls_params.server_certificate',
  'pem.client_ca': 'tls_params.client_ca_cert_chain',
  'pem.session_jwt_private_key': 'session_jwt_params.jwt_ec_private_key',
  'pem.session_jwt_public_key': 'session_jwt_params.jwt_ec_public_key',
}

const isChangeable = (key: string): boolean => CHANGEABLE.some((name) => key === name || key.startsWith(`${name}.`))

/** Every key with its value as text, `table.key`. */
const leavesOf = (value: unknown, path: string, leaves: Map<string, string>): Map<string, string> => {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [key, member] of Object.entries(value)) leavesOf(member, path === '' ? key : `${path}.${key}`, leaves)
  } else if (value !== undefined) leaves.set(path, JSON.stringify(value))
  return leaves
}

/** The names of what differs; no value, which may be a secret. */
const differences = (before: Config, after: Config): string[] => {
  const [old, young] = [before, after].map((config) => leavesOf(config, '', new Map())) as [
    Map<string, string>,
    Map<string, string>,
  ]
  const keys = [...new Set([...old.keys(), ...young.keys()])].filter((key) => old.get(key) !== young.get(key))
  const told = keys.filter((key) => !DERIVED.has(key.split('.', 1)[0] ?? '')).map((key) => READ_FROM[key] ?? key)
  return [...new Set(told)].sort()
}

/** Which listeners ask for a certificate is settled when they are made. */
const fixedOf = (started: Config, config: Config): string[] => [
  ...differences(started, config).filter((key) => !isChangeable(key)),
  ...(started.asks_for_certificate === config.asks_for_certificate ? [] : ['tls_params.client_ca_cert_chain']),
]

const tlsFilesOf = ({ tls_params: params }: Config): string[] => {
  const { server_private_key: key, server_certificate: certificate, server_ca_chain: chain } = params
  return [key, certificate, chain, ...(params.client_ca_cert_chain === undefined ? [] : [params.client_ca_cert_chain])]
}

export const startReload = ({ file, written, config: started, env, log, parts }: ReloadParams): Reload => {
  let read = written
  let running = started

  const take = (config: Config, tree: Tree, watch: FileWatch): void => {
    const changed = differences(running, config).filter(isChangeable)
    const fixed = fixedOf(started, config)
    for (const part of parts) part.apply(config)
    read = tree
    running = config
    watch.follow(tlsFilesOf(config))
    log.info({ changed }, changed.length === 0 ? 'configuration read again: nothing changed' : 'configuration reloaded')
    if (fixed.length > 0) log.warn({ keys: fixed }, 'these changes wait for the next start')
    for (const warning of config.warnings) log.warn(warning)
  }

  const attempt = (trigger: 'signal' | 'file_change', load: () => { config: Config; tree: Tree }): boolean => {
    try {
      const { config, tree } = load()
      take(config, tree, watch)
      return true
    } catch (error) {
      const problems = error instanceof ConfigError ? error.problems : undefined
      log.error(
        problems ? { trigger, problems } : { trigger, err: error },
        'configuration not reloaded: what was in force stays in force',
      )
      return false
    }
  }

  const watch = watchFiles(tlsFilesOf(started), WATCH_EVERY_MS, () => {
    attempt('file_change', () => ({ config: configOf(file, read, env), tree: read }))
  })

  return {
    fromFile: () =>
      attempt('signal', () => {
        const tree = readToml(file)
        return { config: configOf(file, tree, env), tree }
      }),
    stop: () => watch.stop(),
  }
}
