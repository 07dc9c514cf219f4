import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSupportedVersion } from '../../../src/storage/mysql.ts'

test('a MySQL or MariaDB that cannot compare names byte by byte is refused', () => {
  for (const version of ['5.7.44', '8.0.16', '8.0.16-log', '10.4.34-MariaDB', ''])
    assert.ok(!isSupportedVersion(version), version)
  for (const version of [
    '8.0.17',
    '8.4.0',
    '9.1.0-commercial',
    '10.5.0-MariaDB',
    '10.11.19-MariaDB-0+deb12u1',
    '11.4.2-MariaDB',
  ])
    assert.ok(isSupportedVersion(version), version)
})
