/**
 * The one writer of a SQLite file. Units of work that wait together share one BEGIN IMMEDIATE … COMMIT, and so one wait for
 * the disk; each is told its outcome only after that COMMIT. A unit that fails is rolled back to its own savepoint and takes
 * no other with it.
 */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Database as Sqlite } from 'better-sqlite3'
import { DEADLINE_MS } from './deadline.ts'
import { toStoreError } from './failures.ts'
import { StoreUnavailable } from './store_unavailable.ts'

/** A bound on how long the first of a group waits for the last. */
const MAX_GROUP = 100

/** A transaction that is neither committed nor rolled back after this time is rolled back: it would stop every other one. */
const MAX_TURN_MS = 10_000

const LOOK_EVERY_MS = 500

/** A transaction's turn: until it leaves, its statements run on the connection of the writer. */
export type Turn = {
  isOver: boolean
  /** Resolves when what was done is durable. */
  commit(): Promise<void>
  rollback(): Promise<void>
}

export type Patience = { waitMs: number; holdMs: number }

const USUAL: Patience = { waitMs: DEADLINE_MS, holdMs: MAX_TURN_MS }

type Unit = {
  since: number
  waitMs: number
  /** True when its changes are to be kept. Does not throw. */
  run(): boolean | Promise<boolean>
  /** After COMMIT. */
  succeed(): void
  fail(error: unknown): void
}

const isBusy = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY'

export const createSqliteWriter = (database: Sqlite) => {
  const waiting: Unit[] = []
  let isDraining = false
  /** Ends the turn of a transaction that held the writer too long. */
  let endTurn: ((now: number) => void) | undefined

  const begin = database.prepare('begin immediate')
  const commit = database.prepare('commit')
  const rollback = database.prepare('rollback')
  const mark = database.prepare('savepoint unit')
  const forget = database.prepare('rollback to unit')
  const release = database.prepare('release unit')

  const expire = (): void => {
    const now = performance.now()
    for (let i = waiting.length - 1; i >= 0; i--) {
      const unit = waiting[i]
      if (unit && now - unit.since >= unit.waitMs) {
        waiting.splice(i, 1)
        unit.fail(new StoreUnavailable('The database was not free to write in time'))
      }
    }
    endTurn?.(now)
  }

  /** Another process may hold the file: waits without stopping this one. False when nobody waits any more. */
  const beginPatiently = async (): Promise<boolean> => {
    for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs + 1, 10)) {
      if (waiting.length === 0) return false
      try {
        begin.run()
        return true
      } catch (error) {
        if (!isBusy(error)) throw error
      }
      await sleep(pauseMs)
      expire()
    }
  }

  /** Without a savepoint when it is alone. True when it was kept. */
  const runUnit = async (unit: Unit, isAlone: boolean): Promise<boolean> => {
    if (!isAlone) mark.run()
    const outcome = unit.run()
    const isKept = typeof outcome === 'boolean' ? outcome : await outcome
    // The engine itself may have rolled everything back: out of disk or memory.
    if (!database.inTransaction) throw new StoreUnavailable('The database ended the transaction')
    if (!isAlone) {
      if (!isKept) forget.run()
      release.run()
    }
    return isKept
  }

  /** Runs what waits, until nothing does or the group is full, and leaves in `kept` what is to be committed. */
  const runUnits = async (kept: Unit[]): Promise<void> => {
    const isAlone = waiting.length === 1
    const size = isAlone ? 1 : MAX_GROUP
    for (let count = 0; count < size; count++) {
      const unit = waiting.shift()
      if (!unit) return
      kept.push(unit)
      if (!(await runUnit(unit, isAlone))) kept.pop()
    }
  }

  const abandon = (): void => {
    if (!database.inTransaction) return
    try {
      rollback.run()
    } catch {
      // The error that led here is the one to tell. The next BEGIN says whether the file can be used again.
    }
  }

  const runGroup = async (): Promise<void> => {
    const kept: Unit[] = []
    try {
      if (!(await beginPatiently())) return
      await runUnits(kept)
      if (kept.length > 0) commit.run()
      else rollback.run()
    } catch (error) {
      abandon()
      const failure = toStoreError(error)
      for (const unit of kept.length > 0 ? kept : waiting.splice(0)) unit.fail(failure)
      return
    }
    for (const unit of kept) unit.succeed()
  }

  const drain = async (): Promise<void> => {
    const timer = setInterval(expire, LOOK_EVERY_MS)
    try {
      while (waiting.length > 0) {
        // Everything that this turn of the event loop brings joins the group.
        await nextTurn()
        await runGroup()
      }
    } finally {
      clearInterval(timer)
      isDraining = false
    }
  }

  const submit = (unit: Unit): void => {
    waiting.push(unit)
    if (isDraining) return
    isDraining = true
    void drain()
  }

  return {
    /** One statement, as a unit of its own. */
    run: <T>(statement: () => T): Promise<T> =>
      new Promise((resolve, reject) => {
        let result: T
        submit({
          since: performance.now(),
          waitMs: USUAL.waitMs,
          run() {
            try {
              result = statement()
              return true
            } catch (error) {
              reject(toStoreError(error))
              return false
            }
          },
          succeed: () => resolve(result),
          fail: reject,
        })
      }),

    /** Resolves when it is this transaction's turn. */
    enter: (patience: Patience = USUAL): Promise<Turn> =>
      new Promise((resolve, reject) => {
        let succeed = (): void => {}
        let fail: (error: unknown) => void = reject
        submit({
          since: performance.now(),
          waitMs: patience.waitMs,
          run: () =>
            new Promise((leave) => {
              const startedAt = performance.now()
              const end = (isKept: boolean): void => {
                turn.isOver = true
                endTurn = undefined
                leave(isKept)
              }
              const turn: Turn = {
                isOver: false,
                commit: () =>
                  new Promise((committed, failed) => {
                    if (turn.isOver) failed(new StoreUnavailable('The transaction took too long'))
                    succeed = committed
                    fail = failed
                    if (!turn.isOver) end(true)
                  }),
                async rollback() {
                  if (!turn.isOver) end(false)
                },
              }
              endTurn = (now) => {
                if (now - startedAt > patience.holdMs) end(false)
              }
              resolve(turn)
            }),
          succeed: () => succeed(),
          fail: (error) => fail(error),
        })
      }),

    /** Resolves when nothing waits any more. */
    async settle(): Promise<void> {
      while (isDraining) await nextTurn()
    },
  }
}

export type SqliteWriter = ReturnType<typeof createSqliteWriter>
