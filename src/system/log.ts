/** JSON log lines with the secrets of every OAuth parameter removed. */
import { createRequire } from 'node:module'
import { type DestinationStream, type Logger, pino } from 'pino'
import type pinoPretty from 'pino-pretty'
import { createLogDestination } from './log_destination.ts'

export type Log = Logger

/** Every name under which a secret can travel: parameters, headers, configuration. */
export const SECRET_NAMES = [
  'access_token',
  'assertion',
  'authorization',
  'client_assertion',
  'client_secret',
  'code',
  'code_verifier',
  'cookie',
  'csrf',
  'current_password',
  'dpop',
  'id_token',
  'id_token_hint',
  'new_password',
  'password',
  'password_hash',
  'refresh_token',
  'request',
  'secret',
  'set-cookie',
  'token',
  'totp_code',
] as const

const secretNames: ReadonlySet<string> = new Set(SECRET_NAMES)

const REDACTED = '[redacted]'
const MAX_DEPTH = 4

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !(value instanceof Error)

/**
 * The same object when there is nothing to hide, else a copy without the secrets. Written by hand because it runs for each
 * request's line: pino's own path-based redaction of these names takes forty times as long as the rest of the line.
 */
const withoutSecrets = (entry: Record<string, unknown>, depth = 0): Record<string, unknown> => {
  let copy: Record<string, unknown> | undefined
  for (const name in entry) {
    const value = entry[name]
    const shown = secretNames.has(name) ? REDACTED : withoutNested(value, depth)
    if (shown === value) continue
    copy ??= { ...entry }
    copy[name] = shown
  }
  return copy ?? entry
}

const withoutNested = (value: unknown, depth: number): unknown => {
  if (!isPlain(value)) return value
  return depth === MAX_DEPTH ? REDACTED : withoutSecrets(value, depth + 1)
}

/** Name, message and stack, and the same of what caused it; never the members that drivers hang on their errors. */
const describeError = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return {
    type: error.name,
    message: error.message,
    error_code: code,
    stack: error.stack,
    cause: error.cause === undefined ? undefined : describeError(error.cause),
  }
}

export type LogParams = { level: string; pretty: boolean }

/** Loaded only where a person reads along: a server that writes JSON is smaller without it. */
const toPeople = (): DestinationStream => {
  const pretty = createRequire(import.meta.url)('pino-pretty') as typeof pinoPretty
  return pretty({ singleLine: true, ignore: 'pid,hostname' })
}

export const createLog = (params: LogParams, destination?: DestinationStream): Log => {
  const stream = destination ?? (params.pretty ? toPeople() : createLogDestination())
  return pino(
    {
      level: params.level,
      base: null,
      formatters: { log: (entry) => withoutSecrets(entry) },
      serializers: { err: describeError },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    stream,
  )
}
