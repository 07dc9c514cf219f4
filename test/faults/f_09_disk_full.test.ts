/** F-9 – the disk under the SQLite file is full: changes are refused, reads go on, nothing is half done, and it heals. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import Sqlite from 'better-sqlite3'
import { until } from '../support/patience.ts'
import { type ServerProcess, startServerProcess } from '../support/server.ts'

const SIZE = '6m'
const MAX_USERS = 2_000

const mounted = mkdtempSync(join(tmpdir(), 'auth_server_disk-'))
const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE},mode=700`, 'tmpfs', mounted], { encoding: 'utf8' })
const skip = mount.status === 0 ? false : `no right to mount: ${mount.stderr?.trim() || mount.error?.message}`

describe('a full disk', { skip }, () => {
  const file = join(mounted, 'auth_server.db')
  const filler = join(mounted, 'filler')
  let server: ServerProcess
  const names: string[] = []

  before(async () => {
    server = await startServerProcess({ databaseUrl: `sqlite://${file}` })
  })
  after(async () => {
    await server?.close()
    spawnSync('umount', [mounted])
    rmSync(mounted, { recursive: true, force: true })
  })

  /** All but a few pages. */
  const fill = (): void => {
    const { bavail, bsize } = statfsSync(mounted)
    writeFileSync(filler, Buffer.alloc(Math.max(0, bavail - 8) * bsize))
  }

  const create = async (username: string): Promise<number> => {
    const json = { username, groups: Array.from({ length: 20 }, (_, group) => `${group}${'x'.repeat(100)}`) }
    const answer = await server.admin.request('POST', '/admin/realm/main/user', { json })
    if (answer.status === 201) names.push(username)
    else if (answer.status === 503) assert.equal(answer.headers['retry-after'], '1')
    return answer.status
  }

  /** The rows are what was answered: a user and the audit event of it, or neither. */
  const assertWhole = (): void => {
    const database = new Sqlite(file, { readonly: true })
    try {
      const users = database.prepare(`select username, id from users where realm_id = 'main' order by username`).all()
      const audited = database
        .prepare(`select target from audit_events where realm_id = 'main' and type = 'user.created'`)
        .all()
      assert.deepEqual(
        users.map((row) => (row as { username: string }).username),
        names.toSorted(),
      )
      assert.deepEqual(
        audited.map((row) => (row as { target: string }).target).toSorted(),
        users.map((row) => (row as { id: string }).id).toSorted(),
      )
      assert.deepEqual(database.pragma('integrity_check'), [{ integrity_check: 'ok' }])
    } finally {
      database.close()
    }
  }

  test('F-9 – changes are answered 503, what is read and what needs no disk goes on, and nothing is half there', async () => {
    assert.equal(await create('the-first'), 201)
    // The first look makes the realm's keys.
    assert.equal((await server.request('GET', '/jwks.json')).status, 200)
    fill()
    let refused = 0
    for (let count = 0; refused < 3 && count < MAX_USERS; count++) {
      const status = await create(`user-${count}`)
      assert.ok(status === 201 || status === 503, String(status))
      if (status === 503) refused += 1
    }
    assert.equal(refused, 3)
    assert.equal((await server.request('GET', '/live')).status, 200)
    // What is small still fits into the pages that the file has already: readiness may be either.
    assert.ok([200, 503].includes((await server.request('GET', '/ready')).status))
    assert.equal((await server.request('GET', '/.well-known/openid-configuration')).status, 200)
    assert.equal((await server.request('GET', '/jwks.json')).status, 200)
    assertWhole()
  })

  test('F-9 – with space again everything works, without a restart', async () => {
    unlinkSync(filler)
    await until('ready', async () => (await server.request('GET', '/ready')).status === 200)
    assert.equal(await create('the-last'), 201)
    assertWhole()
  })
})

// Where the tests were skipped nothing is mounted, and only the folder is there.
after(() => rmSync(mounted, { recursive: true, force: true }))
