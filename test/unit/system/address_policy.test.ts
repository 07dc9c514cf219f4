import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAddressPolicy, isLoopback } from '../../../src/system/address_policy.ts'

const REFUSED = [
  ['0.0.0.0', 'this host'],
  ['0.1.2.3', 'this network'],
  ['10.0.0.1', 'private'],
  ['100.64.0.1', 'carrier-grade NAT'],
  ['100.100.100.200', 'a metadata service'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['169.254.169.254', 'a metadata service'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['192.0.0.192', 'a metadata service'],
  ['192.0.2.1', 'documentation'],
  ['192.168.0.1', 'private'],
  ['198.18.0.1', 'benchmarking'],
  ['198.51.100.1', 'documentation'],
  ['203.0.113.1', 'documentation'],
  ['224.0.0.1', 'multicast'],
  ['240.0.0.1', 'reserved'],
  ['255.255.255.255', 'broadcast'],
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['::7f00:1', 'IPv4-compatible'],
  ['::ffff:127.0.0.1', 'mapped'],
  ['::ffff:a9fe:a9fe', 'mapped'],
  ['::ffff:8.8.8.8', 'mapped, even when public'],
  ['::ffff:0:7f00:1', 'translated'],
  ['64:ff9b::a9fe:a9fe', 'NAT64'],
  ['64:ff9b:1::1', 'local NAT64'],
  ['100::1', 'discard'],
  ['2001::1', 'Teredo'],
  ['2001:db8::1', 'documentation'],
  ['2002:a9fe:a9fe::', '6to4'],
  ['2002:7f00:1::1', '6to4'],
  ['3fff::1', 'documentation'],
  ['5f00::1', 'segment routing'],
  ['fc00::1', 'unique local'],
  ['fd00:ec2::254', 'a metadata service'],
  ['fe80::1', 'link-local'],
  ['fe80::1%eth0', 'link-local with a zone'],
  ['2606:4700::1%eth0', 'with a zone'],
  ['fec0::1', 'site-local'],
  ['ff02::1', 'multicast'],
  ['4000::1', 'unassigned'],
] as const

const NO_ADDRESSES = [
  '',
  'localhost',
  '2130706433',
  '0x7f000001',
  '0177.0.0.1',
  '127.1',
  '1.2.3',
  '1.2.3.4.5',
  '8.8.8.8 ',
  '8.8.8.8\0',
]

const PUBLIC = ['8.8.8.8', '93.184.216.34', '172.15.255.255', '172.32.0.1', '2606:2800:220:1:248:1893:25c8:1946']

test('T-SS-01, T-SS-02 RFC 8725 §3.10 – no address that is not public is reached, in whichever form it comes', () => {
  const mayReach = createAddressPolicy({ allowLoopback: false, allowedNetworks: [] })
  for (const [address, kind] of REFUSED) assert.equal(mayReach(address), false, `${address} (${kind})`)
  for (const text of NO_ADDRESSES) assert.equal(mayReach(text), false, JSON.stringify(text))
})

test('RFC 4291 §2.4 – public addresses of both versions are reached', () => {
  const mayReach = createAddressPolicy({ allowLoopback: false, allowedNetworks: [] })
  for (const address of PUBLIC) assert.equal(mayReach(address), true, address)
})

test('T-SS-01 – with loopback allowed nothing but loopback is added', () => {
  const mayReach = createAddressPolicy({ allowLoopback: true, allowedNetworks: [] })
  for (const [address] of REFUSED) assert.equal(mayReach(address), isLoopback(address), address)
  assert.equal(isLoopback('::ffff:127.0.0.1'), false)
})

test('T-SS-01 – a network that is allowed is reached, and its neighbours are not', () => {
  const mayReach = createAddressPolicy({ allowLoopback: false, allowedNetworks: ['10.1.0.0/16', 'fd00:1::/32'] })
  assert.equal(mayReach('10.1.255.255'), true)
  assert.equal(mayReach('fd00:1::1'), true)
  for (const address of ['10.2.0.0', '::ffff:10.1.0.1', 'fd00:2::1', '127.0.0.1'])
    assert.equal(mayReach(address), false, address)
})
