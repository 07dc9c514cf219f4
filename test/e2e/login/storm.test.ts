/** L-1, F-24 – many logins at once: as many hashes as configured, as many waiting as configured, and the rest told to come back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { basic } from '../../support/client.ts'
import { startServer } from '../../support/server.ts'

const BOUNDS = { max_concurrent: 2, max_queue: 8 }
const USERS = 20
const LOGINS = 100
const PASSWORD = 'a passphrase of the tests 7'

test('F-24 a login storm computes at most max_concurrent hashes, queues max_queue, answers 503 past it, and tokens go on', async (t) => {
  // Dear enough that the storm arrives before the first hashes are done.
  const config = { password_hashing_params: { memory_kib: 19_456, iterations: 2, ...BOUNDS } }
  const server = await startServer({ config })
  t.after(() => server.close())
  for (let user = 0; user < USERS; user++)
    await server.admin.createUser({ username: `user-${user}`, password: PASSWORD })
  const client = await server.admin.createClient({
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    scope: 'api',
  })

  const most = { running: 0, waiting: 0 }
  let isOver = false
  const watch = async (): Promise<void> => {
    while (!isOver) {
      const { running, waiting } = server.deps.passwordHashing.load()
      most.running = Math.max(most.running, running)
      most.waiting = Math.max(most.waiting, waiting)
      await turn()
    }
  }
  const watching = watch()
  const logins = Promise.all(
    Array.from({ length: LOGINS }, (_, index) =>
      server.request('POST', '/login?realm=main', {
        headers: { authorization: basic(`user-${index % USERS}`, PASSWORD) },
      }),
    ),
  )
  const tokens = await Promise.all(
    Array.from({ length: 20 }, () => server.oauth.token(client, { grant_type: 'client_credentials' })),
  )
  const answers = await logins
  isOver = true
  await watching

  assert.deepEqual(most, { running: BOUNDS.max_concurrent, waiting: BOUNDS.max_queue })
  for (const token of tokens) assert.equal(token.status, 200)
  const refused = answers.filter(({ status }) => status !== 200)
  assert.ok(refused.length > 0 && refused.length < LOGINS)
  for (const { status, headers, body } of refused) {
    assert.equal(status, 503, body)
    assert.equal(headers['retry-after'], '1')
    assert.equal(headers['set-cookie'], undefined)
  }
  const after = await server.request('POST', '/login?realm=main', {
    headers: { authorization: basic('user-0', PASSWORD) },
  })
  assert.equal(after.status, 200)
  assert.deepEqual(server.deps.passwordHashing.load(), { running: 0, waiting: 0 })
})
