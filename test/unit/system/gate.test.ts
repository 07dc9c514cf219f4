import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGate } from '../../../src/system/gate.ts'

const never = new AbortController().signal

test('T-SS-07 – no more than the limit are inside at once, and the others enter in their order', async () => {
  const gate = createGate(2)
  const order: number[] = []
  let inside = 0
  let most = 0
  const visit = async (visitor: number): Promise<void> => {
    const release = await gate.acquire(never)
    order.push(visitor)
    inside += 1
    most = Math.max(most, inside)
    await new Promise(setImmediate)
    inside -= 1
    release()
    release()
  }
  await Promise.all(Array.from({ length: 20 }, (_, visitor) => visit(visitor)))
  assert.equal(most, 2)
  assert.deepEqual(
    order,
    [...order].sort((a, b) => a - b),
  )
  assert.equal(gate.isIdle(), true)
})

test('T-SS-07 – who gives up while waiting makes room for the next', async () => {
  const gate = createGate(1)
  const release = await gate.acquire(never)
  const impatient = new AbortController()
  const given = gate.acquire(impatient.signal)
  const patient = gate.acquire(never)
  impatient.abort(new Error('too late'))
  await assert.rejects(given, /too late/)
  release()
  ;(await patient)()
  assert.equal(gate.isIdle(), true)
  await assert.rejects(gate.acquire(impatient.signal), /too late/)
})
