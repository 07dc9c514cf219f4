/** JSON log lines with the secrets of every OAuth parameter removed. */
import { type DestinationStream, type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

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

const redactedPaths = SECRET_NAMES.flatMap((name) =>
  [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`].map((path) => path.replace('.[', '[')),
)

export type LogParams = { level: string; pretty: boolean }

export const createLog = (params: LogParams, destination?: DestinationStream): Log => {
  const stream = destination ?? (params.pretty ? pretty({ singleLine: true, ignore: 'pid,hostname' }) : pino.destination(1))
  return pino(
    {
      level: params.level,
      base: null,
      redact: { paths: redactedPaths, censor: '[redacted]' },
      serializers: { err: pino.stdSerializers.err },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    stream,
  )
}
