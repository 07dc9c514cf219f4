/**
 * Keeps logins in flight until it is ended: `login_storm_driver.ts ISSUER CA_FILE LOGINS USERS PASSWORD`. Says `queued` when all of them
 * have been sent once, and counts what was answered on its standard output when it is asked to stop.
 */
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'

const [issuer = '', caFile = '', logins = '', users = '', password = ''] = process.argv.slice(2)
const agent = new Agent({ keepAlive: true, maxSockets: Number(logins), ca: readFileSync(caFile, 'utf8') })

const answers = { right: 0, turnedAway: 0, other: 0 }
let isOver = false

const login = (username: string): Promise<number> =>
  new Promise((resolve) => {
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
    const outgoing = request(
      `${issuer}/login?realm=main`,
      { method: 'POST', agent, headers: { authorization } },
      (incoming) => {
        incoming.resume()
        incoming.once('end', () => resolve(incoming.statusCode ?? 0))
        incoming.once('error', () => resolve(0))
      },
    )
    outgoing.once('error', () => resolve(0))
    outgoing.end()
  })

const lane = async (index: number): Promise<void> => {
  while (!isOver) {
    const status = await login(`storm-${index % Number(users)}`)
    if (isOver) return
    if (status === 200) answers.right += 1
    else if (status === 503) answers.turnedAway += 1
    else answers.other += 1
  }
}

process.once('SIGTERM', () => {
  isOver = true
  process.stdout.write(`${JSON.stringify(answers)}\n`, () => process.exit(0))
})
for (let index = 0; index < Number(logins); index++) void lane(index)
setTimeout(() => process.stdout.write('queued\n'), 1_000)
