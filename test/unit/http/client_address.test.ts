import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClientAddress } from '../../../src/http/client_address.ts'

const behindProxy = createClientAddress(['10.0.0.0/8', 'fd00::/8'])

test('T-IS-04 – without trusted proxies X-Forwarded-For is not believed', () => {
  assert.equal(createClientAddress([])('203.0.113.9', '198.51.100.1'), '203.0.113.9')
})

test('T-IS-04 – a peer that is no trusted proxy cannot name another address', () => {
  assert.equal(behindProxy('203.0.113.9', '198.51.100.1'), '203.0.113.9')
})

test('T-IS-04 – the right-most address that no trusted proxy has is the client', () => {
  assert.equal(behindProxy('10.0.0.1', '192.0.2.66, 198.51.100.1, 10.2.3.4'), '198.51.100.1')
})

test('T-IS-04 – an unreadable hop ends the chain', () => {
  assert.equal(behindProxy('10.0.0.1', '198.51.100.1, nonsense, 10.2.3.4'), '10.2.3.4')
})

test('T-IS-04 – ten thousand hops, ports, zones and empty parts do no harm', () => {
  assert.equal(behindProxy('10.0.0.1', Array(10_000).fill('10.9.9.9').join(',')), '10.9.9.9')
  for (const header of ['', ',,,', '198.51.100.1:80', 'fe80::1%eth0', '\u0000', '[::1]']) {
    assert.equal(typeof behindProxy('10.0.0.1', header), 'string')
  }
})

test('T-IS-03 – an IPv4 peer in IPv6 clothes is the IPv4 address', () => {
  assert.equal(behindProxy('::ffff:10.0.0.1', '198.51.100.7'), '198.51.100.7')
  assert.equal(createClientAddress([])('::ffff:203.0.113.9', undefined), '203.0.113.9')
})

test('IPv6 proxies are trusted by their own ranges', () => {
  assert.equal(behindProxy('fd00::1', '2001:db8::5'), '2001:db8::5')
})
