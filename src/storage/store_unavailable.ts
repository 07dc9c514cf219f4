/** The database or the session store cannot be asked right now: answered 503, never with something stale. */
export class StoreUnavailable extends Error {
  readonly retryAfterSeconds = 1

  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'StoreUnavailable'
  }
}
