/** Which hashes a user may be moved in with, and that each is verified as the system that made it would. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { argon2idCost } from '../../../../src/authentication/password_schemes/argon2.ts'
import { importProblem, verifyWithScheme } from '../../../../src/authentication/password_schemes/registry.ts'

const PASSWORD = 'correct horse bättery'
const SALT = '8PHy8/T19vf4+fr7/P3+/w'
const TAG = 'A'.repeat(43)

const argon2 = (variant: string, cost: string, version = 'v=19$') => `$${variant}$${version}${cost}$${SALT}$${TAG}`
const bcryptTail = 'abcdefghijklmnopqrstuuzxv398t0SB7RWxHMGfBChQWvjMXng0q'

/** Made with libxcrypt, hashlib of Python and the reference implementation of Argon2. */
const made: Record<string, string> = {
  'RFC 9106 §3.1 – Argon2i':
    '$argon2i$v=19$m=1024,t=3,p=1$fZKz66/Me6/Q65Glpve+cg$IfMkcw1GYc6dN+uiWeXTqD4teBAkXZ/ub93Ue1i6sTA',
  'bcrypt 2a': `$2a$08$${bcryptTail}`,
  'bcrypt 2b': `$2b$08$${bcryptTail}`,
  'bcrypt 2y': `$2y$08$${bcryptTail}`,
  'RFC 7914 §2 – scrypt': `$scrypt$ln=13,r=8,p=1$${SALT}$R2nqBuCbxDayh1EpdicdFzt/szigEhorssdICZLgmUA`,
  'RFC 8018 §5.2 – PBKDF2 with SHA-256': `$pbkdf2-sha256$i=10000$${SALT}$4RG32JL+/e6M1PaV9VlsKlYWSNIe0+JmkcHATIBmtxU`,
  'RFC 8018 §5.2 – PBKDF2 with SHA-256 and its length': `$pbkdf2-sha256$i=10000,l=32$${SALT}$4RG32JL+/e6M1PaV9VlsKlYWSNIe0+JmkcHATIBmtxU`,
  'RFC 8018 §5.2 – PBKDF2 with SHA-256 as passlib writes it':
    '$pbkdf2-sha256$10000$8PHy8/T19vf4.fr7/P3./w$4RG32JL./e6M1PaV9VlsKlYWSNIe0.JmkcHATIBmtxU',
  'RFC 8018 §5.2 – PBKDF2 with SHA-512': `$pbkdf2-sha512$i=10000$${SALT}$R5X2kKbSmVTyQJWz5iam7nKSz+DFJoPfIWk1elfWaKI11IH1z+XeSXYQEJfFooKHZFzBgQHybS/ANB4mUqZVtA`,
  'RFC 8018 §5.2 – PBKDF2 with SHA-512 as passlib writes it':
    '$pbkdf2-sha512$10000$8PHy8/T19vf4.fr7/P3./w$R5X2kKbSmVTyQJWz5iam7nKSz.DFJoPfIWk1elfWaKI11IH1z.XeSXYQEJfFooKHZFzBgQHybS/ANB4mUqZVtA',
}

describe('hashes that nobody is moved in with', () => {
  for (const [name, phc] of Object.entries({
    'a plain password': 'a long enough password',
    nothing: '',
    'Argon2d, which tells by its memory what it computes': argon2('argon2d', 'm=19456,t=2,p=1'),
    'another version of Argon2id': argon2('argon2id', 'm=19456,t=2,p=1', 'v=16$'),
    'Argon2id without a version': argon2('argon2id', 'm=19456,t=2,p=1', ''),
    'Argon2id without a salt': `$argon2id$v=19$m=19456,t=2,p=1$$${TAG}`,
    'Argon2id without a tag': `$argon2id$v=19$m=19456,t=2,p=1$${SALT}$`,
    'a leading zero': argon2('argon2id', 'm=019456,t=2,p=1'),
    'a line break at the end': `${argon2('argon2id', 'm=19456,t=2,p=1')}\n`,
    'a kilobyte': `$argon2id$v=19$m=19456,t=2,p=1$${SALT}$${'A'.repeat(1_024)}`,
    'bcrypt of the broken kind': `$2x$08$${bcryptTail}`,
    'bcrypt without its minor version': `$2$08$${bcryptTail}`,
    'bcrypt cut short': `$2b$08$${bcryptTail.slice(1)}`,
    'scrypt without a cost': `$scrypt$${SALT}$${TAG}`,
    'scrypt with a short salt': `$scrypt$ln=15,r=8,p=1$AAAA$${TAG}`,
    'PBKDF2 with SHA-1': `$pbkdf2$20000$${SALT}$${TAG}`,
    'PBKDF2 with a short hash': `$pbkdf2-sha256$i=20000$${SALT}$AAAAAAAA`,
    'PBKDF2 with a length that is not true': `$pbkdf2-sha256$i=20000,l=64$${SALT}$${TAG}`,
    'Unix crypt': '$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/',
  }))
    test(name, () => assert.ok(importProblem(phc) && !importProblem(phc)?.includes('cost')))
})

describe('T-BF-08 a cost that would hold up every login is refused, and one that protects nothing', () => {
  const bad: Record<string, string[]> = {
    argon2: [
      argon2('argon2id', 'm=4194304,t=1,p=1'),
      argon2('argon2id', 'm=65536,t=1000,p=1'),
      argon2('argon2i', 'm=65536,t=3,p=255'),
      argon2('argon2i', 'm=8,t=1,p=1'),
    ],
    bcrypt: [`$2b$04$${bcryptTail}`, `$2b$15$${bcryptTail}`, `$2b$31$${bcryptTail}`],
    scrypt: ['ln=5,r=8,p=1', 'ln=20,r=8,p=1', 'ln=63,r=8,p=1', 'ln=17,r=8,p=16', 'ln=14,r=99,p=99'].map(
      (cost) => `$scrypt$${cost}$${SALT}$${TAG}`,
    ),
    pbkdf2: [
      `$pbkdf2-sha256$i=1000$${SALT}$${TAG}`,
      `$pbkdf2-sha256$i=99999999$${SALT}$${TAG}`,
      `$pbkdf2-sha256$i=2000000$${SALT}$${'A'.repeat(86)}`,
    ],
  }
  for (const [scheme, hashes] of Object.entries(bad))
    test(scheme, () => {
      for (const phc of hashes) assert.equal(importProblem(phc), 'has a cost that is too low or too high', phc)
    })

  test('what careful systems use is taken', () => {
    for (const phc of [
      argon2('argon2id', 'm=65536,t=3,p=4'),
      `$2b$12$${bcryptTail}`,
      `$scrypt$ln=17,r=8,p=1$${SALT}$${TAG}`,
      `$pbkdf2-sha256$i=600000$${SALT}$${TAG}`,
      `$pbkdf2-sha512$i=210000$${SALT}$${'A'.repeat(86)}`,
    ])
      assert.equal(importProblem(phc), undefined, phc)
  })
})

describe('a hash that another system made', () => {
  for (const [name, phc] of Object.entries(made))
    test(`${name}: the password it is of, and no other`, async () => {
      assert.equal(importProblem(phc), undefined)
      assert.equal(await verifyWithScheme(phc, `${PASSWORD}!`), false)
      assert.equal(await verifyWithScheme(phc, ''), false)
      assert.equal(await verifyWithScheme(phc, PASSWORD), true)
    })
})

test('T-BF-10 bcrypt: a password is wrong when bcrypt would not look at all of it', async () => {
  const of72 = '$2b$08$abcdefghijklmnopqrstuujyJJZFHxfP7uFcWoV4k5KREorUKVI2K'
  assert.equal(await verifyWithScheme(of72, 'x'.repeat(73)), false)
  assert.equal(await verifyWithScheme(of72, 'x'.repeat(72)), true)
  // To bcrypt a key is what it repeats, its end included.
  assert.equal(await verifyWithScheme(made['bcrypt 2b'] ?? '', `${PASSWORD}\0${PASSWORD}`), false)
})

test('a stored hash of no scheme is a defect, not a wrong password', () => {
  assert.throws(() => verifyWithScheme('nothing', PASSWORD))
})

test('RFC 9106 §3.1 – the cost of Argon2id is what the string says, and no other scheme has one', () => {
  const cost = argon2idCost(argon2('argon2id', 'm=65536,t=3,p=4'))
  assert.deepEqual([cost?.memoryKib, cost?.iterations, cost?.parallelism], [65_536, 3, 4])
  assert.equal(argon2idCost(argon2('argon2i', 'm=65536,t=3,p=4')), undefined)
  assert.equal(argon2idCost(`$2b$12$${bcryptTail}`), undefined)
})
