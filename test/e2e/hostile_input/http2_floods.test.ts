/**
 * RFC 9113 §10.5 – frames that cost the sender nothing: each flood comes over a connection that is never read, while others get
 * their tokens. Either the connection is ended, or the flood has cost no memory that stays.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  END_HEADERS,
  END_STREAM,
  FRAME,
  field,
  frame,
  getHeaders,
  openHttp2,
  pour,
  uint32,
} from '../../support/http2_frames.ts'
import type { TestClient } from '../../support/oauth.ts'
import { residentMiB } from '../../support/process_memory.ts'
import { type ServerProcess, startServerProcess } from '../../support/server.ts'

const ROUNDS = 200
const FRAMES_A_ROUND = 100

/** The heap of Node breathes by so much whatever comes. */
const BREATH_MIB = 96

describe('floods of HTTP/2', () => {
  let server: ServerProcess
  let client: TestClient

  before(async () => {
    server = await startServerProcess({ config: { log_params: { level: 'error', pretty: false } } })
    client = await server.admin.createClient({
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      scope: 'api',
    })
  })
  after(() => server.close())

  const many = (count: number, make: (index: number) => Buffer): Buffer =>
    Buffer.concat(Array.from({ length: count }, (_, index) => make(index)))

  const open = (stream: number): Buffer =>
    frame(FRAME.HEADERS, END_HEADERS | END_STREAM, stream, getHeaders(server, '/jwks.json'))

  const streamOf = (round: number, index: number): number => 2 * (round * FRAMES_A_ROUND + index) + 1

  const repeated = (bytes: () => Buffer) => (): Buffer => many(FRAMES_A_ROUND, bytes)

  /** What comes first, and what is poured after it round by round. */
  const floods: Record<string, { first?: () => Buffer; round: (round: number) => Buffer }> = {
    'CVE-2023-44487 – streams that are reset at once': {
      round: (round) =>
        many(FRAMES_A_ROUND, (index) =>
          Buffer.concat([open(streamOf(round, index)), frame(FRAME.RST_STREAM, 0, streamOf(round, index), uint32(8))]),
        ),
    },
    'CVE-2025-8671 – streams that make the server reset them': {
      round: (round) =>
        many(FRAMES_A_ROUND, (index) =>
          Buffer.concat([
            open(streamOf(round, index)),
            frame(FRAME.WINDOW_UPDATE, 0, streamOf(round, index), uint32(0)),
          ]),
        ),
    },
    'CVE-2024-27983 – a header that never ends': {
      first: () => frame(FRAME.HEADERS, 0, 1, getHeaders(server, '/jwks.json')),
      round: () =>
        many(FRAMES_A_ROUND, (index) => frame(FRAME.CONTINUATION, 0, 1, field(`x-${index}`, 'a'.repeat(100)))),
    },
    'CVE-2019-9518 – a header that goes on with nothing': {
      first: () => frame(FRAME.HEADERS, 0, 1, getHeaders(server, '/jwks.json')),
      round: repeated(() => frame(FRAME.CONTINUATION, 0, 1)),
    },
    'CVE-2019-9515 – settings': { round: repeated(() => frame(FRAME.SETTINGS, 0, 0)) },
    'CVE-2019-9512 – pings': { round: repeated(() => frame(FRAME.PING, 0, 0, Buffer.alloc(8))) },
    'CVE-2019-9513 – priorities': {
      round: (round) =>
        many(FRAMES_A_ROUND, (index) =>
          frame(FRAME.PRIORITY, 0, streamOf(round, index), Buffer.concat([uint32(0), Buffer.from([1])])),
        ),
    },
    'CVE-2019-9517 – answers that are asked for and not read': {
      round: (round) => many(FRAMES_A_ROUND, (index) => open(streamOf(round, index))),
    },
    'empty data': {
      first: () =>
        frame(
          FRAME.HEADERS,
          END_HEADERS,
          1,
          Buffer.concat([
            Buffer.from([0x83, 0x87]),
            field(':path', '/token'),
            field(':authority', new URL(server.issuer).host),
            field('content-type', 'application/x-www-form-urlencoded'),
          ]),
        ),
      round: repeated(() => frame(FRAME.DATA, 0, 1)),
    },
    'CVE-2019-9516 – headers without a name': {
      round: (round) =>
        many(FRAMES_A_ROUND, (index) =>
          frame(FRAME.HEADERS, END_HEADERS | END_STREAM, streamOf(round, index), Buffer.alloc(400)),
        ),
    },
    'frames of unknown types': { round: repeated(() => frame(0xbb, 0xff, 0, Buffer.alloc(100))) },
    goodbyes: { round: repeated(() => frame(FRAME.GOAWAY, 0, 0, Buffer.concat([uint32(0), uint32(0)]))) },
  }

  for (const [what, { first, round }] of Object.entries(floods))
    test(`T-HT-02 RFC 9113 §10.5 – ${what}`, async (t) => {
      const pid = server.child.pid ?? 0
      const before = residentMiB(pid)
      const socket = await openHttp2(server)
      socket.pause()
      const tokens: Promise<number>[] = []
      let isOpen = first ? await pour(socket, first()) : true
      let rounds = 0
      while (isOpen && rounds < ROUNDS) {
        if (rounds % 20 === 0)
          tokens.push(server.oauth.token(client, { grant_type: 'client_credentials' }).then(({ status }) => status))
        isOpen = await pour(socket, round(rounds))
        rounds += 1
      }
      assert.deepEqual(new Set(await Promise.all(tokens)), new Set([200]))
      const grown = residentMiB(pid) - before
      t.diagnostic(`${rounds * FRAMES_A_ROUND} frames, ${isOpen ? 'open' : 'ended'}, ${Math.round(grown)} MiB`)
      assert.ok(grown < BREATH_MIB, `${Math.round(grown)} MiB more`)
      socket.destroy()
      assert.equal((await server.request('GET', '/live')).status, 200)
    })
})
