/** Ports that are free now, and stay so: below the range from which outgoing connections take theirs. */
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

const LOWEST = 15_000
const BEYOND = 32_000

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })

export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = randomInt(LOWEST, BEYOND)
    if (await isFree(port)) return port
  }
}
