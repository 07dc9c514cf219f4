/** A flood of requests is not a flood of lines. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRefusalNotes } from '../../../src/limits/refusal_notes.ts'
import { createLog } from '../../../src/system/log.ts'

const open = () => {
  let now = 0
  const lines: string[] = []
  const log = createLog({ level: 'info', pretty: false }, { write: (line: string) => void lines.push(line) })
  const note = createRefusalNotes({ now: () => now, log })
  const advance = (ms: number): void => {
    now += ms
  }
  return { note, lines, advance }
}

const refusal = { limit: 'source', source: '192.0.2.1', realmId: 'main' } as const

test('of a thousand refusals of one source one is noted, and the next one says how many there were', () => {
  const { note, lines, advance } = open()
  const noted = Array.from({ length: 1_000 }, () => note(refusal)).filter(Boolean)
  assert.equal(noted.length, 1)
  assert.equal(lines.length, 1)
  advance(60_000)
  assert.equal(note(refusal), true)
  assert.match(lines[1] ?? '', /"refused_before":999/)
})

test('of many sources no more than a bounded number is noted a minute', () => {
  const { note, lines, advance } = open()
  const all = () => Array.from({ length: 5_000 }, (_, host) => note({ ...refusal, source: `${host}` })).filter(Boolean)
  assert.equal(all().length, 60)
  assert.equal(lines.length, 60)
  advance(60_000)
  assert.equal(all().length, 60)
})
