/**
 * Standard output for log lines, which never makes a request wait: what nobody reads, or no disk takes, is kept up to a bound and
 * then dropped and counted, details first.
 */
import { appendFile, fstatSync } from 'node:fs'
import type { DestinationStream } from 'pino'

/** Characters that may wait. */
const BOUND = 1_048_576
/** From here on, lines of the levels trace and debug are dropped. */
const BOUND_OF_DETAILS = BOUND / 2
const FLUSH_MS = 1_000
const FLUSH_LOOK_MS = 5

const STANDARD_OUTPUT = 1

/** Takes one text at a time; `done` says with an error that it is lost. */
export type Sink = (text: string, done: (error?: Error | null) => void) => void

/** Pipes and sockets have an end that may not read: Node.js writes to them without blocking a thread. */
const openStandardOutput = (): Sink => {
  const stat = fstatSync(STANDARD_OUTPUT)
  if (!stat.isFIFO() && !stat.isSocket()) return (text, done) => appendFile(STANDARD_OUTPUT, text, done)
  // Whoever writes is told by `done`.
  process.stdout.on('error', () => undefined)
  return (text, done) => void process.stdout.write(text, done)
}

/** pino begins every line with its level: {"level":20, … */
const isDetail = (line: string): boolean => line.startsWith('{"level":10,') || line.startsWith('{"level":20,')

const droppedLine = (dropped: number): string =>
  `${JSON.stringify({ level: 40, time: new Date().toISOString(), dropped, msg: 'log lines were dropped' })}\n`

export type LogDestination = DestinationStream & {
  /** Calls back when everything is written, or after a second, then with an error. */
  flush(done: (error?: Error) => void): void
}

export const createLogDestination = (sink: Sink = openStandardOutput()): LogDestination => {
  let lines: string[] = []
  /** Characters of `lines` and of what is being written. */
  let waiting = 0
  let dropped = 0
  let isWriting = false

  /** All that has come since the last time, in one write. */
  const writeNext = (): void => {
    isWriting = lines.length > 0
    if (!isWriting) return
    const batch = lines
    const text = batch.join('')
    lines = []
    sink(text, (error) => {
      waiting -= text.length
      if (error) dropped += batch.length
      else if (dropped > 0) {
        put(droppedLine(dropped))
        dropped = 0
      }
      writeNext()
    })
  }

  const put = (line: string): void => {
    lines.push(line)
    waiting += line.length
    if (isWriting) return
    isWriting = true
    setImmediate(writeNext)
  }

  return {
    write(line) {
      const bound = isDetail(line) ? BOUND_OF_DETAILS : BOUND
      if (waiting + line.length > bound) dropped += 1
      else put(line)
    },
    flush(done) {
      const startedAt = performance.now()
      const look = (): void => {
        if (waiting === 0) done()
        else if (performance.now() - startedAt >= FLUSH_MS) done(new Error('nobody takes the log lines'))
        else setTimeout(look, FLUSH_LOOK_MS)
      }
      look()
    },
  }
}
