/** Which command the arguments name, and what its failure looks like. Exit statuses are those of sysexits(3). */
import { existsSync } from 'node:fs'
import { ConfigError } from '../config/config_error.ts'
import { isDebugging, processEnvironment } from '../config/environment.ts'
import { nearest } from '../config/nearest.ts'
import { quote } from '../config/report.ts'
import { type Command, type CommandName, commandTable, isCommandName } from './command_table.ts'

const USAGE_EXIT_STATUS = 64
const SOFTWARE_EXIT_STATUS = 70

type Loaded = { run(args: string[]): Promise<number> }

const loaders: Record<CommandName, () => Promise<Loaded>> = {
  serve: () => import('./serve.ts'),
  check_config: () => import('./check_config.ts'),
  certificates: () => import('./certificates.ts'),
  migrate: () => import('./migrate.ts'),
  keys: () => import('./keys.ts'),
  audit: () => import('./audit.ts'),
  purge: () => import('./purge.ts'),
  help: () => import('./help.ts'),
  version: () => import('./version.ts'),
}

const flags: Readonly<Record<string, CommandName>> = {
  '--help': 'help',
  '-h': 'help',
  '--version': 'version',
  '-V': 'version',
}

export type Choice = { name: CommandName; args: string[] } | { mistake: string }

const looksLikeFile = (text: string): boolean => /[/\\]|\.toml$/i.test(text) || existsSync(text)

const MAX_SHOWN = 200

const SEE_HELP = '"auth_server help" lists what there is'

const describeUnknown = (first: string): string => {
  if (first.startsWith('-')) return `there is no option ${quote(first, MAX_SHOWN)}; ${SEE_HELP}`
  const guess = nearest(first, Object.keys(commandTable))
  const question = guess ? `; did you mean ${guess}?` : ''
  return `${quote(first, MAX_SHOWN)} is neither a command nor a file${question}; ${SEE_HELP}`
}

const nameOf = (first: string): CommandName | undefined => {
  if (isCommandName(first)) return first
  return Object.hasOwn(flags, first) ? flags[first] : undefined
}

/** The first argument that the command does not take, where it leaves that to us. */
const unfitOf = ({ maxArguments, options }: Command, args: string[]): string | undefined => {
  if (maxArguments > 1) return undefined
  const nameOf = (arg: string): string => arg.split('=', 1)[0] ?? arg
  const isFirst = (arg: string, index: number): boolean =>
    args.findIndex((one) => nameOf(one) === nameOf(arg)) === index
  const others = args.filter((arg, index) => !(options?.test(arg) && isFirst(arg, index)))
  return (maxArguments === 1 ? others.find((arg) => arg.startsWith('-')) : undefined) ?? others[maxArguments]
}

/** `auth_server [CONFIG]` is `auth_server serve [CONFIG]`. A file with the name of a command is written ./name. */
export const chooseCommand = (argv: readonly string[]): Choice => {
  const [first, ...rest] = argv
  if (first === undefined) return { name: 'serve', args: [] }
  if (rest.some((arg) => arg === '--help' || arg === '-h')) return { name: 'help', args: [] }
  const named = nameOf(first)
  if (named === undefined && (first.startsWith('-') || !looksLikeFile(first)))
    return { mistake: describeUnknown(first) }
  const choice = named === undefined ? { name: 'serve' as const, args: [...argv] } : { name: named, args: rest }
  const unfit = unfitOf(commandTable[choice.name], choice.args)
  if (unfit === undefined) return choice
  const { usage } = commandTable[choice.name]
  return { mistake: `${choice.name} takes no argument ${quote(unfit, MAX_SHOWN)}; usage: auth_server ${usage}` }
}

const writeError = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

/** An error that says with which status to end is told in its own words. */
const foreseenStatus = (error: unknown): number | undefined =>
  error instanceof Error && 'exitStatus' in error ? Number(error.exitStatus) : undefined

/** One line for what nobody foresaw; its stack for those who ask for it. */
const describeFailure = (error: unknown, status: number | undefined): string => {
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  if (error instanceof ConfigError) return message
  if (status !== undefined) return `auth_server: ${message}`
  if (isDebugging(processEnvironment())) return `auth_server: ${stack ?? message}`
  return `auth_server: ${message.split('\n', 1)[0]} (AUTH_SERVER_DEBUG=1 shows where)`
}

/** Runs what the arguments name. Returns the exit status; every failure is told in words. */
export const runCommand = async (argv: readonly string[]): Promise<number> => {
  const choice = chooseCommand(argv)
  if ('mistake' in choice) {
    writeError(`auth_server: ${choice.mistake}`)
    return USAGE_EXIT_STATUS
  }
  try {
    const command = await loaders[choice.name]()
    return await command.run(choice.args)
  } catch (error) {
    const status = foreseenStatus(error)
    writeError(describeFailure(error, status))
    return status ?? SOFTWARE_EXIT_STATUS
  }
}
