import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isOfSector, sectorOf, sectorProblem } from '../../../src/oauth/sector.ts'
import { metadataWith } from '../../support/authorization.ts'

describe('OpenID Connect Core §8.1 – a client without a sector may not have pairwise subjects', () => {
  const without: [string, string[]][] = [
    ['two hosts', ['https://one.example/cb', 'https://two.example/cb']],
    ['a host and a host below it', ['https://app.example/cb', 'https://www.app.example/cb']],
    ['a host that everybody has', ['http://127.0.0.1/cb']],
    ['no host at all', ['com.example.app:/cb']],
    ['a host, and an address that everybody can have', ['https://app.example/cb', 'http://127.0.0.1/cb']],
    ['no redirect URI', []],
  ]
  for (const [what, redirect_uris] of without)
    test(what, () => {
      const metadata = metadataWith({ subject_type: 'pairwise', redirect_uris })
      assert.equal(sectorOf(metadata), undefined)
      assert.equal(sectorProblem(metadata)?.[0], 'sector_identifier_uri')
      assert.equal(sectorProblem({ ...metadata, subject_type: 'public' }), undefined)
      assert.equal(sectorProblem({ ...metadata, sector_identifier_uri: 'https://sector.example/uris' }), undefined)
    })
})

test('OpenID Connect Core §8.1 – the sector is the host of the sector_identifier_uri, or the one of the redirect URIs', () => {
  const redirect_uris = ['https://App.example/cb', 'https://app.example:8443/other']
  assert.equal(sectorOf(metadataWith({ redirect_uris })), 'app.example')
  const sector_identifier_uri = 'https://sector.example:444/uris.json'
  assert.equal(sectorOf(metadataWith({ redirect_uris, sector_identifier_uri })), 'sector.example')
})

test('OpenID Connect Registration §5 – a document is of the sector when it is an array with every redirect URI, octet by octet', () => {
  const metadata = metadataWith({ redirect_uris: ['https://one.example/cb', 'https://two.example/cb'] })
  const both = [...metadata.redirect_uris]
  for (const document of [
    both.slice(1),
    [both],
    both.join(' '),
    { redirect_uris: both },
    null,
    both.map((uri) => `${uri}/`),
  ])
    assert.equal(isOfSector(document, metadata), false, JSON.stringify(document))
  assert.equal(isOfSector([...both, 'https://three.example/cb'], metadata), true)
})
