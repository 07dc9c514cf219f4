import 'reflect-metadata'
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as x509 from '@peculiar/x509'
import { MAX_LIST_FILE_BYTES } from '../../../src/config/revocation_lists.ts'
import { issueAuthority, issueList, rsaPair } from '../../support/pki.ts'
import { load, TOP, testBrokenFiles, tls } from './broken.ts'
import { NOW, put } from './pki.ts'

const ca = await issueAuthority({ subject: 'CN=Clients' })
const rsaCa = await issueAuthority({ subject: 'CN=RSA Clients', pair: rsaPair(2048) })
const noSigner = await issueAuthority({ subject: 'CN=No lists', keyUsage: x509.KeyUsageFlags.keyCertSign })
const sameName = await issueAuthority({ subject: 'CN=Clients' })
const anchors = put('clients.crt', ca.pem + rsaCa.pem + noSigner.pem)

const withList = (file: string): string => `${TOP}${tls({ client_ca_cert_chain: anchors, client_crl: file })}`

const right = await issueList(ca)
/** In days from today to the day of these tests. */
const today = (NOW - Date.now()) / 86_400_000
const expired = await issueList(ca, { days: [today - 10, today - 1] })
const extension = (id: string, hex: string) => [new x509.Extension(id, true, Buffer.from(hex, 'hex'))]

const EXPECTED = `revocation lists in PEM or DER, of at most ${MAX_LIST_FILE_BYTES} bytes`
const broken = (name: string, file: string, found: string, isShown = false) => ({
  name,
  toml: withList(file),
  problems: [
    `tls_params.client_crl: found ${found}${isShown ? ` (${JSON.stringify(file)})` : ''}, expected ${EXPECTED}`,
  ],
})

let count = 0
const list = (name: string, content: string | Buffer, found: string) => {
  const file = put(`${++count}.crl`, content)
  return broken(name, file, found, true)
}

const changed = Buffer.from(right.der)
changed.writeUInt8(changed.readUInt8(changed.length - 3) ^ 1, changed.length - 3)

const cases = [
  broken('a file that is not there', 'nowhere.crl', 'no file there ("nowhere.crl")'),
  broken('a directory', '/', 'a directory ("/")'),
  broken('a file without end', '/dev/zero', `a file of more than ${MAX_LIST_FILE_BYTES} bytes ("/dev/zero")`),
  list('an empty file', '', 'no revocation list'),
  list('a certificate instead', ca.pem, 'no revocation list'),
  list('a certificate instead, in DER', ca.certificate.raw, 'a revocation list that cannot be read'),
  list('a list that is cut off', right.der.subarray(0, 60), 'a revocation list that cannot be read'),
  list(
    'RFC 5280 §6.3.3 – signed by a CA of the same name',
    (await issueList(sameName)).pem,
    'a revocation list that no CA for client certificates has signed',
  ),
  list(
    'RFC 5280 §6.3.3 – a signature that was changed',
    changed,
    'a revocation list that no CA for client certificates has signed',
  ),
  list(
    'RFC 5280 §4.2.1.3 – signed by a CA whose key may not sign lists',
    (await issueList(noSigner)).pem,
    'a revocation list that no CA for client certificates has signed',
  ),
  list(
    'RFC 5280 §5.1.1.2 – signed with SHA-1',
    (await issueList(ca, { hash: 'SHA-1' })).pem,
    'a revocation list whose signature is too weak',
  ),
  list(
    'RFC 5280 §5.2.4 – a delta',
    (await issueList(ca, { extensions: extension('2.5.29.27', '020101') })).pem,
    'a revocation list of another kind than complete',
  ),
  list(
    'RFC 5280 §5.2.5 – of several authorities',
    (await issueList(ca, { extensions: extension('2.5.29.28', '30038401ff') })).pem,
    'a revocation list of another kind than complete',
  ),
  list(
    'RFC 5280 §5.3 – an entry of another authority',
    (await issueList(ca, { serialNumbers: ['01'], entryExtensions: extension('2.5.29.29', '3000') })).pem,
    'a revocation list with an entry of another kind',
  ),
  list(
    'one of two',
    `${right.pem}${(await issueList(sameName)).pem}`,
    'a revocation list that no CA for client certificates has signed',
  ),
]

describe('configuration: a revocation list that cannot be used', () => testBrokenFiles(cases))

describe('configuration: a revocation list', () => {
  test('in PEM, in DER, and two of them', async () => {
    assert.deepEqual(load(withList(put('right.crl', right.pem))).warnings, [])
    assert.deepEqual(load(withList(put('right.der', right.der))).warnings, [])
    const both = `${right.pem}${(await issueList(rsaCa)).pem}`
    assert.deepEqual(load(withList(put('both.crl', both))).warnings, [])
  })

  test('RFC 5280 §5.1.2.5 – that is out of date is a warning: the server starts, and refuses certificates', () => {
    const { warnings } = load(withList(put('expired.crl', expired.pem)))
    assert.deepEqual(warnings, [
      'tls_params.client_crl: a list that should have been replaced on 2026-05-31T00:00:00.000Z',
    ])
  })
})
