/** OpenID Connect Dynamic Client Registration §5 – a sector is proved before a client gets subjects of it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { startPublisher } from '../../support/encryption.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const redirect_uris = ['https://one.example/cb', 'https://two.example/cb']
const PATH = '/admin/realm/main/client'

let server: TestServer
let publisher: Awaited<ReturnType<typeof startPublisher>>

before(async () => {
  server = await startServer()
  publisher = await startPublisher(redirect_uris)
})
after(async () => {
  await server?.close()
  await publisher?.close()
})

const register = (members: Record<string, unknown>) =>
  server.admin.request('POST', PATH, { json: { redirect_uris, subject_type: 'pairwise', ...members } })

describe('OpenID Connect Registration §5 – a client is refused', () => {
  test('OpenID Connect Core §8.1 – with several hosts and no sector_identifier_uri', async () => {
    const answer = await register({})
    assert.equal(answer.status, 422)
    assert.match(String(answer.json().error_description), /^sector_identifier_uri: is needed for pairwise subjects/)
  })

  test('T-SS-06 – with a sector_identifier_uri that is no https address, or one inside of the network', async () => {
    for (const uri of [
      'http://sector.example/uris',
      'ftp://sector.example/uris',
      '/uris',
      'https://u:p@sector.example/',
    ])
      assert.equal((await register({ sector_identifier_uri: uri })).status, 422, uri)
    for (const uri of ['https://10.0.0.1/uris', 'https://169.254.169.254/latest', 'https://[fd00::1]/uris']) {
      const answer = await register({ sector_identifier_uri: uri })
      assert.deepEqual([answer.status, answer.json().error], [400, 'invalid_client_metadata'], uri)
    }
  })

  test('when the document is not there, is no array, or leaves one of the redirect URIs out', async () => {
    const documents: [unknown, RegExp][] = [
      [undefined, /nothing could be fetched/],
      [{ redirect_uris }, /must lead to an array/],
      [redirect_uris.slice(1), /must lead to an array/],
      [[], /must lead to an array/],
      [Array.from({ length: 5_000 }, () => 'https://one.example/cb'), /nothing could be fetched/],
    ]
    for (const [document, message] of documents) {
      publisher.publish(document)
      const answer = await register({ sector_identifier_uri: publisher.url })
      assert.deepEqual([answer.status, answer.json().error], [400, 'invalid_client_metadata'])
      assert.match(String(answer.json().error_description), message)
    }
    publisher.publish(redirect_uris)
  })

  test('with a sector of its own and public subjects, when the sector does not name it either', async () => {
    publisher.publish([])
    const answer = await register({ subject_type: 'public', sector_identifier_uri: publisher.url })
    assert.equal(answer.status, 400)
    publisher.publish(redirect_uris)
  })
})

test('OpenID Connect Registration §5 – a document that names them all is enough, and is asked again for what is new only', async () => {
  const created = await register({ sector_identifier_uri: publisher.url })
  assert.equal(created.status, 201, created.body)
  const client = created.json<{ client_id: string; subject_type: string; sector_identifier_uri: string }>()
  assert.deepEqual([client.subject_type, client.sector_identifier_uri], ['pairwise', publisher.url])
  const change = (members: Record<string, unknown>) =>
    server.admin.request('PUT', `${PATH}/${client.client_id}`, {
      json: { redirect_uris, subject_type: 'pairwise', sector_identifier_uri: publisher.url, ...members },
    })
  publisher.publish(undefined)
  assert.equal((await change({ enabled: false })).status, 200)
  assert.equal((await change({ redirect_uris: redirect_uris.slice(1) })).status, 200)
  assert.equal((await change({ redirect_uris: [...redirect_uris, 'https://three.example/cb'] })).status, 400)
  assert.equal((await change({ sector_identifier_uri: `${publisher.url}?other` })).status, 400)
  publisher.publish([...redirect_uris, 'https://three.example/cb'])
  assert.equal((await change({ redirect_uris: [...redirect_uris, 'https://three.example/cb'] })).status, 200)
})
