import 'reflect-metadata'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { connect, createServer, type TLSSocket } from 'node:tls'
import * as x509 from '@peculiar/x509'
import { createPathValidation } from '../../../src/authentication/certificate_path.ts'
import {
  asClient,
  ecPair,
  type Issued,
  issue,
  issueAuthority,
  issueClient,
  presented,
  rsaPair,
} from '../../support/pki.ts'

const { keyCertSign, cRLSign, digitalSignature, keyEncipherment } = x509.KeyUsageFlags

const root = await issueAuthority({ subject: 'CN=Root, O=Tests' })
const otherRoot = await issueAuthority({ subject: 'CN=Root, O=Tests' })
const intermediate = await issueAuthority({ subject: 'CN=Intermediate' }, root)
const known = [root.certificate]

type Case = {
  name: string
  /** The leaf, then what the client sends with it. */
  shown: readonly [Issued, ...Issued[]]
  problem: string | undefined
  authorities?: readonly Issued[]
  /** Where OpenSSL, asked for the same in a handshake, decides otherwise. */
  differs?: true
}

const DNS = (value: string) => ({ type: 'dns' as const, value })

const small = rsaPair(1024)
const rsa = await issueAuthority({ subject: 'CN=RSA Root', pair: rsaPair(2048) })
const expiredRoot = await issueAuthority({ subject: 'CN=Expired', days: [-20, -10] })
const oldIntermediate = await issueAuthority({ subject: 'CN=Old', days: [-20, -10] }, root)
const noAuthority = await issue({ subject: 'CN=No authority', basicConstraints: { isAuthority: false } }, root)
const silent = await issue({ subject: 'CN=Silent', basicConstraints: 'none' }, root)
const flat = await issueAuthority({ subject: 'CN=Flat', basicConstraints: { isAuthority: true, pathLength: 0 } }, root)
const belowFlat = await issueAuthority({ subject: 'CN=Below flat' }, flat)
const forServers = await issueAuthority({ subject: 'CN=Servers', usages: [x509.ExtendedKeyUsage.serverAuth] }, root)
const noSigner = await issueAuthority({ subject: 'CN=No signer', keyUsage: cRLSign }, root)
const weakIntermediate = await issueAuthority({ subject: 'CN=Weak', hash: 'SHA-1' }, root)
const constrained = await issueAuthority({ subject: 'CN=Constrained', permitted: [{ dNSName: 'good.example' }] }, root)
const excluding = await issueAuthority({ subject: 'CN=Excluding', excluded: [{ dNSName: 'bad.example' }] }, root)
const belowConstrained = await issueAuthority({ subject: 'CN=Below constrained' }, constrained)
const ring = [ecPair(), ecPair()] as const
const ringA = { subject: 'CN=Ring A', pair: ring[0] }
const ringB = { subject: 'CN=Ring B', pair: ring[1] }
const selfA = await issueAuthority(ringA)
const aByB = await issueAuthority(ringA, await issueAuthority(ringB))
const bByA = await issueAuthority(ringB, selfA)
const deep: Issued[] = [root]
for (let depth = 1; depth <= 8; depth++) deep.unshift(await issueAuthority({ subject: `CN=Depth ${depth}` }, deep[0]))

const unknownCritical = new x509.Extension('1.2.3.4.5', true, Buffer.from([5, 0]))
const twice = new x509.Extension('2.5.29.37', false, Buffer.from('300a06082b06010505070302', 'hex'))

const refused: readonly Case[] = [
  {
    name: 'another CA of the same name',
    shown: [await issueClient({}, otherRoot)],
    problem: 'certificate_unknown_issuer',
  },
  {
    name: 'another CA, sent along',
    shown: [await issueClient({}, otherRoot), otherRoot],
    problem: 'certificate_unknown_issuer',
  },
  { name: 'self-signed', shown: [await issueClient({})], problem: 'certificate_unknown_issuer' },
  {
    name: 'an intermediate that is not sent',
    shown: [await issueClient({}, intermediate)],
    problem: 'certificate_unknown_issuer',
  },
  { name: 'expired', shown: [await issueClient({ days: [-10, -1] }, root)], problem: 'certificate_expired' },
  {
    name: 'not valid yet',
    shown: [await issueClient({ days: [1, 10] }, root)],
    problem: 'certificate_not_yet_valid',
  },
  {
    name: 'an intermediate that has expired',
    shown: [await issueClient({}, oldIntermediate), oldIntermediate],
    problem: 'certificate_expired',
  },
  {
    name: 'a root that has expired',
    shown: [await issueClient({}, expiredRoot)],
    problem: 'certificate_expired',
    authorities: [root, expiredRoot],
  },
  { name: 'the root itself', shown: [root], problem: 'certificate_is_authority', differs: true },
  {
    name: 'an authority as leaf',
    shown: [await issueAuthority({ usages: [x509.ExtendedKeyUsage.clientAuth] }, root)],
    problem: 'certificate_is_authority',
    differs: true,
  },
  {
    name: 'RFC 5280 §4.2.1.12 – for servers only',
    shown: [await issueClient({ usages: [x509.ExtendedKeyUsage.serverAuth] }, root)],
    problem: 'certificate_wrong_usage',
  },
  {
    name: 'RFC 5280 §4.2.1.12 – for any purpose, which names none',
    shown: [await issueClient({ extensions: [new x509.ExtendedKeyUsageExtension(['2.5.29.37.0'])], usages: [] }, root)],
    problem: 'certificate_wrong_usage',
  },
  {
    name: 'RFC 5280 §4.2.1.3 – a key that may not sign',
    shown: [await issueClient({ keyUsage: keyEncipherment }, root)],
    problem: 'certificate_wrong_usage',
  },
  {
    name: 'RFC 5280 §4.2.1.12 – from an authority for servers only',
    shown: [await issueClient({}, forServers), forServers],
    problem: 'certificate_wrong_usage',
  },
  { name: 'SHA-1', shown: [await issueClient({ hash: 'SHA-1' }, root)], problem: 'certificate_weak_signature' },
  {
    name: 'SHA-1 in an intermediate',
    shown: [await issueClient({}, weakIntermediate), weakIntermediate],
    problem: 'certificate_weak_signature',
  },
  {
    name: 'SHA-1 in a PSS signature',
    shown: [await issueClient({ hash: 'SHA-1', isPss: true }, rsa)],
    problem: 'certificate_weak_signature',
    authorities: [rsa],
  },
  { name: 'RSA of 1024 bits', shown: [await issueClient({ pair: small }, root)], problem: 'certificate_weak_key' },
  {
    name: 'RFC 5280 §4.2 – a critical extension that nobody knows',
    shown: [await issueClient({ extensions: [unknownCritical] }, root)],
    problem: 'certificate_unknown_extension',
  },
  {
    name: 'RFC 5280 §4.2 – an extension that comes twice',
    shown: [await issueClient({ extensions: [twice] }, root)],
    problem: 'certificate_malformed',
    differs: true,
  },
  {
    name: 'RFC 5280 §6.1.4 – from a certificate that is no authority',
    shown: [await issueClient({}, noAuthority), noAuthority],
    problem: 'certificate_issuer_no_authority',
  },
  {
    name: 'RFC 5280 §6.1.4 – from a certificate that does not say it is one',
    shown: [await issueClient({}, silent), silent],
    problem: 'certificate_issuer_no_authority',
  },
  {
    name: 'RFC 5280 §6.1.4 – from an authority whose key may not sign certificates',
    shown: [await issueClient({}, noSigner), noSigner],
    problem: 'certificate_unknown_issuer',
  },
  {
    name: 'RFC 5280 §4.2.1.9 – below an authority that may have none below it',
    shown: [await issueClient({}, belowFlat), belowFlat, flat],
    problem: 'certificate_path_too_long',
  },
  {
    name: 'RFC 5280 §4.2.1.10 – a name that is not permitted',
    shown: [await issueClient({ names: [DNS('bad.example')] }, constrained), constrained],
    problem: 'certificate_name_not_allowed',
  },
  {
    name: 'RFC 5280 §4.2.1.10 – one of two names is not permitted',
    shown: [await issueClient({ names: [DNS('a.good.example'), DNS('good.example.net')] }, constrained), constrained],
    problem: 'certificate_name_not_allowed',
  },
  {
    name: 'RFC 5280 §4.2.1.10 – a name that is excluded',
    shown: [await issueClient({ names: [DNS('x.BAD.example')] }, excluding), excluding],
    problem: 'certificate_name_not_allowed',
  },
  {
    name: 'RFC 5280 §4.2.1.10 – two authorities further up',
    shown: [await issueClient({ names: [DNS('bad.example')] }, belowConstrained), belowConstrained, constrained],
    problem: 'certificate_name_not_allowed',
  },
  {
    name: 'authorities that have issued each other and no known one',
    shown: [await issueClient({}, aByB), aByB, bByA],
    problem: 'certificate_unknown_issuer',
  },
  {
    name: 'more authorities than anybody has',
    shown: [await issueClient({}, deep[0]), ...deep.slice(0, -1)],
    problem: 'certificate_unknown_issuer',
    differs: true,
  },
]

const accepted: readonly Case[] = [
  { name: 'from the root', shown: [await issueClient({}, root)], problem: undefined },
  {
    name: 'from an intermediate that is sent',
    shown: [await issueClient({}, intermediate), intermediate],
    problem: undefined,
  },
  {
    name: 'from an intermediate of the configuration',
    shown: [await issueClient({}, intermediate)],
    problem: undefined,
    authorities: [intermediate, root],
  },
  {
    name: 'with intermediates in the wrong order and others among them',
    shown: [
      await issueClient({ names: [DNS('a.good.example')] }, belowConstrained),
      constrained,
      flat,
      root,
      belowConstrained,
    ],
    problem: undefined,
  },
  {
    name: 'from the second of two roots of one name',
    shown: [await issueClient({}, otherRoot)],
    problem: undefined,
    authorities: [root, otherRoot],
    differs: true,
  },
  {
    name: 'RFC 5280 §4.2.1.12 – without a purpose',
    shown: [await issueClient({ usages: [] }, root)],
    problem: undefined,
  },
  {
    name: 'for several purposes',
    shown: [await issueClient({ usages: [x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth] }, root)],
    problem: undefined,
  },
  { name: 'without any extension', shown: [await issue({}, root)], problem: undefined },
  { name: 'RSA and PSS', shown: [await issueClient({ isPss: true }, rsa)], problem: undefined, authorities: [rsa] },
  {
    name: 'RSA and PKCS1',
    shown: [await issueClient({ hash: 'SHA-384' }, rsa)],
    problem: undefined,
    authorities: [rsa],
  },
  {
    name: 'RFC 5280 §4.2.1.10 – a name that is permitted',
    shown: [await issueClient({ names: [DNS('a.GOOD.example')] }, constrained), constrained],
    problem: undefined,
  },
  {
    name: 'RFC 5280 §4.2.1.9 – directly below an authority that may have none below it',
    shown: [await issueClient({ keyUsage: digitalSignature | keyCertSign }, flat), flat],
    problem: undefined,
  },
]

/** What OpenSSL says in a handshake. */
const askOpenssl = async ({ shown, authorities = [root] }: Case): Promise<boolean> => {
  const server = createServer({
    ...asClient(await issueClient({})),
    requestCert: true,
    rejectUnauthorized: false,
    ca: authorities.map(({ pem }) => pem),
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const accept = once(server, 'secureConnection')
  const client = connect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ciphers: 'DEFAULT@SECLEVEL=0',
    ...asClient(...shown),
  })
  client.on('error', () => undefined)
  const [socket] = (await accept) as [TLSSocket]
  const { authorized } = socket
  client.destroy()
  socket.destroy()
  server.close()
  return authorized
}

const check = ({ shown, problem, authorities = [root] }: Case): void => {
  const validate = createPathValidation(authorities.map(({ certificate }) => certificate))
  assert.equal(validate(presented(...shown), Date.now()).problem, problem)
}

describe('T-MT-01 RFC 5280 §6.1 – a certificate without a valid path is refused', () => {
  for (const one of refused) {
    test(one.name, async () => {
      check(one)
      if (!one.differs) assert.equal(await askOpenssl(one), false, 'OpenSSL says the same')
    })
  }

  test('bytes that are no certificate', () => {
    const validate = createPathValidation(known)
    for (const der of [Buffer.alloc(0), Buffer.from('3000', 'hex'), root.certificate.raw.subarray(0, 200)])
      assert.equal(validate({ der, chain: [] }, Date.now()).problem, 'certificate_malformed')
  })

  test('a signature that was changed', async () => {
    const { der } = presented(await issueClient({}, root))
    const changed = Buffer.from(der)
    changed.writeUInt8(changed.readUInt8(changed.length - 5) ^ 1, changed.length - 5)
    assert.equal(
      createPathValidation(known)({ der: changed, chain: [] }, Date.now()).problem,
      'certificate_unknown_issuer',
    )
  })

  test('a chain of garbage costs nothing and changes nothing', async () => {
    const { der } = presented(await issueClient({}, root))
    const chain = Array.from({ length: 100 }, (_, index) => Buffer.from([0x30, index]))
    assert.equal(createPathValidation(known)({ der, chain }, Date.now()).problem, undefined)
  })
})

describe('RFC 5280 §6.1.3 – the time is that of the clock', () => {
  test('before, within and after', async () => {
    const validate = createPathValidation(known)
    const leaf = await issueClient({ days: [0, 1] }, root)
    const shown = presented(leaf)
    const from = Date.parse(leaf.certificate.validFrom)
    const to = Date.parse(leaf.certificate.validTo)
    assert.equal(validate(shown, from - 1).problem, 'certificate_not_yet_valid')
    assert.equal(validate(shown, from).problem, undefined)
    assert.equal(validate(shown, to - 1).problem, undefined)
    assert.equal(validate(shown, to).problem, 'certificate_expired')
  })
})

describe('T-MT-01 RFC 5280 §6.1 – a certificate with a valid path is accepted', () => {
  for (const one of accepted) {
    test(one.name, async () => {
      check(one)
      if (!one.differs) assert.equal(await askOpenssl(one), true, 'OpenSSL says the same')
    })
  }
})
