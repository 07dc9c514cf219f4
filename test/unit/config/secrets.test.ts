import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CANARY, load, testBrokenFiles, withRest } from './broken.ts'
import { put } from './pki.ts'

const KEY = Buffer.alloc(32, 1).toString('base64url')
const PREVIOUS = Buffer.alloc(32, 2).toString('base64url')
const FORM = "32 bytes as base64url, 43 characters (openssl rand -base64 32 | tr '+/' '-_' | tr -d '=')"

const secrets = (lines: string): string => withRest(`[secrets_params]\n${lines}\n`)
const file = (name: string, content: string): string => JSON.stringify(put(name, content))

describe('configuration: keys for secrets in the database that cannot be used', () => {
  testBrokenFiles([
    {
      name: 'one of another form',
      toml: secrets(`encryption_key = "${CANARY}"`),
      problems: [`secrets_params.encryption_key: found a secret of another form, expected ${FORM}`],
    },
    {
      name: 'RFC 4648 §5 – one of 31 bytes, and one with bits that no key has',
      toml: secrets(
        `encryption_key = "${Buffer.alloc(31).toString('base64url')}"\nprevious_encryption_key = "${'A'.repeat(42)}B"`,
      ),
      problems: [
        `secrets_params.encryption_key: found a secret of another form, expected ${FORM}`,
        `secrets_params.previous_encryption_key: found a secret of another form, expected ${FORM}`,
      ],
    },
    {
      name: 'base64 with padding in a file, which is named',
      toml: secrets(`encryption_key_file = ${file('padded', `${Buffer.alloc(32, 251).toString('base64')}\n`)}`),
      problems: [`secrets_params.encryption_key_file: found a secret of another form, expected ${FORM}`],
    },
    {
      name: 'a file that is not there',
      toml: secrets('encryption_key_file = "nowhere"'),
      problems: [
        'secrets_params.encryption_key_file: found no file there ("nowhere"), expected a file that holds the secret',
      ],
    },
    {
      name: 'both the key and its file',
      toml: secrets(`encryption_key = "${KEY}"\nencryption_key_file = ${file('both', KEY)}`),
      problems: ['secrets_params.encryption_key_file: found both it and encryption_key, expected only one of them'],
    },
    {
      name: 'a number',
      toml: secrets('encryption_key = 1'),
      problems: ['secrets_params.encryption_key: found 1, expected a string that is not empty'],
    },
    {
      name: 'a previous key without a current one',
      toml: secrets(`previous_encryption_key = "${KEY}"`),
      problems: [
        'secrets_params.previous_encryption_key: found a key without encryption_key, expected encryption_key too, which seals',
      ],
    },
    {
      name: 'the same key twice',
      toml: secrets(`encryption_key = "${KEY}"\nprevious_encryption_key_file = ${file('same', KEY)}`),
      problems: [
        'secrets_params.previous_encryption_key: found the same key as encryption_key, expected the key before it',
      ],
    },
  ])
})

describe('configuration: keys for secrets in the database', () => {
  test('none are needed', () => {
    assert.deepEqual(load(withRest('')).secrets_params, {})
  })

  test('come from the file, from files of their own and from the environment', () => {
    const fromFile = load(secrets(`encryption_key = "${KEY}"\nprevious_encryption_key = "${PREVIOUS}"`))
    assert.equal(fromFile.secrets_params.encryption_key, KEY)
    assert.equal(fromFile.secrets_params.previous_encryption_key, PREVIOUS)
    const ofItsOwn = load(
      secrets(
        `encryption_key_file = ${file('current', `${KEY}\n`)}\nprevious_encryption_key_file = ${file('previous', PREVIOUS)}`,
      ),
    )
    assert.equal(ofItsOwn.secrets_params.encryption_key, KEY)
    assert.equal(ofItsOwn.secrets_params.previous_encryption_key, PREVIOUS)
    const fromEnvironment = load(secrets(`encryption_key = "\${ENCRYPTION_KEY}"`), { ENCRYPTION_KEY: KEY })
    assert.equal(fromEnvironment.secrets_params.encryption_key, KEY)
  })
})
