/**
 * Standard output for log lines, which never makes a request wait: what nobody reads, or no disk takes, is kept up to a bound and
 * then dropped and counted, details first.
 */
import { constants, openSync } from 'node:fs'
import { type DestinationStream, pino } from 'pino'

/** Characters that may wait. */
const BOUND = 1_048_576
/** From here on, lines of the levels trace and debug are dropped. */
const BOUND_OF_DETAILS = BOUND / 2
const FLUSH_MS = 1_000
const FLUSH_LOOK_MS = 5

const STANDARD_OUTPUT = 1

/**
 * The same pipe, terminal or file, opened once more so that a write to it never blocks a thread: the setting of the descriptor that
 * this process was given is shared with others. A socket, or a pipe of another user, cannot be opened so.
 */
const openWithoutBlocking = (): number => {
  try {
    return openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK)
  } catch {
    return STANDARD_OUTPUT
  }
}

/** pino begins every line with its level: {"level":20, … */
const isDetail = (line: string): boolean => line.startsWith('{"level":10,') || line.startsWith('{"level":20,')

export type LogDestination = DestinationStream & {
  /** Calls back when everything is written, or after a second, then with an error. */
  flush(done: (error?: Error) => void): void
}

/** The part of pino's destination that is used here. */
export type Sink = {
  write(line: string): boolean
  on(event: 'write', listener: (bytes: number) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
}

const standardOutput = (): Sink => pino.destination({ dest: openWithoutBlocking(), sync: false }) as unknown as Sink

export const createLogDestination = (sink: Sink = standardOutput()): LogDestination => {
  let waiting = 0
  let dropped = 0

  const put = (line: string): void => {
    waiting += Buffer.byteLength(line)
    sink.write(line)
  }

  const tellDropped = (): void => {
    const line = JSON.stringify({ level: 40, time: new Date().toISOString(), dropped, msg: 'log lines were dropped' })
    dropped = 0
    put(`${line}\n`)
  }

  sink.on('write', (bytes) => {
    waiting -= bytes
    if (dropped > 0 && waiting < BOUND_OF_DETAILS) tellDropped()
  })
  // A disk that is full, a reader that is gone: the service goes on, and the lines are counted once they no longer fit.
  sink.on('error', () => undefined)

  return {
    write(line) {
      const bound = isDetail(line) ? BOUND_OF_DETAILS : BOUND
      if (waiting + line.length > bound) dropped += 1
      else put(line)
    },
    flush(done) {
      const startedAt = performance.now()
      const look = (): void => {
        if (waiting <= 0) done()
        else if (performance.now() - startedAt >= FLUSH_MS) done(new Error('nobody takes the log lines'))
        else setTimeout(look, FLUSH_LOOK_MS)
      }
      look()
    },
  }
}
