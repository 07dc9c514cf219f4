/** What a request target that nobody can read leaves behind. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startServer, type TestServer } from '../../support/server.ts'

const SECRET = 'jwqYSgJE0YQjjX_k0aLxDK9kgZ834EFAdXn-LR4ImQ4'

describe('a request target with a malformed escape', () => {
  let server: TestServer

  before(async () => {
    server = await startServer({ config: { log_params: { level: 'debug', pretty: false } } })
  })
  after(() => server.close())

  for (const target of [
    `/setup/${SECRET}%zz`,
    `/%zz?code=${SECRET}`,
    `/interaction/${SECRET}%`,
    `/admin/realm/%/${SECRET}`,
  ])
    test(`T-LG-02 – is refused at ${target.replace(SECRET, '…')}, and no line of the log repeats it`, async () => {
      const answer = await server.request('GET', target)
      assert.equal(answer.status, 400)
      assert.ok(!answer.body.includes(SECRET))
      assert.deepEqual(
        server.logs.filter((line) => line.includes(SECRET)),
        [],
      )
    })
})
