/** The commands of `auth_server`, each in the file of its name. */

export type Command = {
  usage: string
  summary: string
  /** How many arguments it takes at most; a command with options checks them itself. */
  maxArguments: number
  /** The options of a command that does not check its arguments itself, each once. */
  options?: RegExp
}

export const commandTable = {
  serve: {
    usage: 'serve [--wait-db=SECONDS] [--allow-downgrade] [CONFIG]',
    summary:
      'run the server; the default command (CONFIG: ./auth_server.toml; waits for its stores as long as it takes)',
    maxArguments: 1,
    options: /^--(?:wait-db=\d{1,6}|allow-downgrade)$/,
  },
  check_config: {
    usage: 'check_config [CONFIG]',
    summary: 'print every problem of a configuration file, or ok',
    maxArguments: 1,
  },
  certificates: {
    usage: 'certificates [DIR]',
    summary: 'make development certificates where they are missing (DIR: ./certificates)',
    maxArguments: 1,
  },
  migrate: {
    usage: 'migrate [--check] [CONFIG] | migrate --print DIALECT',
    summary: 'make the schema of the database current, list what is missing, or print it as SQL',
    maxArguments: Number.POSITIVE_INFINITY,
  },
  keys: {
    usage: 'keys list|rotate|revoke|create [--realm ID] [--alg ALG] [--kid KID] [--name NAME …] [CONFIG]',
    summary: 'list, follow or revoke the signing keys of a realm, or make an API key',
    maxArguments: Number.POSITIVE_INFINITY,
  },
  audit: {
    usage: 'audit verify [--realm ID] [--heads FILE] [CONFIG] | audit heads [CONFIG]',
    summary: 'tell whether the audit is what was written (exit status 1 when not), or print where it ends',
    maxArguments: Number.POSITIVE_INFINITY,
  },
  purge: {
    usage: 'purge [--only NAME,NAME] [CONFIG]',
    summary: 'remove what is over, and audit events beyond retention, as the running server does',
    maxArguments: Number.POSITIVE_INFINITY,
  },
  help: { usage: 'help', summary: 'print this', maxArguments: 0 },
  version: { usage: 'version', summary: 'print the version', maxArguments: 0 },
} as const satisfies Record<string, Command>

export type CommandName = keyof typeof commandTable

export const isCommandName = (text: string): text is CommandName => Object.hasOwn(commandTable, text)
