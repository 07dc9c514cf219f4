import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog, SECRET_NAMES } from '../../../src/system/log.ts'

const capture = () => {
  const lines: string[] = []
  return { lines, destination: { write: (line: string) => void lines.push(line) } }
}

for (const name of SECRET_NAMES) {
  test(`T-LG-02 – the value of ${name} never reaches a log line`, () => {
    const { lines, destination } = capture()
    const log = createLog({ level: 'trace', pretty: false }, destination)
    log.info({ [name]: 'canary-1' }, 'top')
    log.warn({ request: { [name]: 'canary-2' } }, 'one level down')
    log.error({ a: { b: { [name]: 'canary-3' } } }, 'two levels down')
    assert.equal(lines.length, 3)
    assert.ok(lines.every((line) => !line.includes('canary')))
  })
}

test('T-IN-12 – a line break in a value does not begin a second event', () => {
  const { lines, destination } = capture()
  createLog({ level: 'info', pretty: false }, destination).info({ route: 'a\n{"level":60}\u001b[31m' }, 'x\ny')
  assert.equal(lines.length, 1)
  assert.equal(lines[0]?.trimEnd().includes('\n'), false)
})
