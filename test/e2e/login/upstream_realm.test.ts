/** One realm signs people in at another one: this server on both sides, with TLS and an outbound proxy between them. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { ADMINISTRATOR } from '../../support/admin.ts'
import { type Browser, readForm } from '../../support/client.ts'
import { type HttpProxy, startHttpProxy } from '../../support/http_proxy.ts'
import { createPkce, type Person, type TestClient } from '../../support/oauth.ts'
import { type ServerProcess, startServerProcess, testCertificates } from '../../support/server.ts'
import { jsonPart } from '../../support/tokens.ts'

const MAX_STEPS = 12

describe('a realm as the identity provider of another one', () => {
  let proxy: HttpProxy
  let server: ServerProcess
  let person: Person
  let shop: TestClient

  before(async () => {
    proxy = await startHttpProxy(`Basic ${Buffer.from('server:p:w').toString('base64')}`)
    const { authority } = await testCertificates()
    server = await startServerProcess({
      env: {
        NODE_EXTRA_CA_CERTS: authority,
        APP_REALM_ADMIN_USERNAME: ADMINISTRATOR.username,
        APP_REALM_ADMIN_INITIAL_PASSWORD: ADMINISTRATOR.password,
      },
      config: {
        secrets_params: { encryption_key: randomBytes(32).toString('base64url') },
        proxy_params: { url: proxy.url, basic_auth_username: 'server', basic_auth_password: 'p:w' },
      },
    })
    const { admin } = server
    await admin.createRealm({ id: 'staff', auth_params: { username_password_params: {} } })
    person = await admin.createUser({ username: 'bob' }, 'staff')
    const { sub } = (await admin.request('GET', '/admin/realm/staff/user/bob')).json<{ sub: string }>()
    const issuer = `${server.issuer}/realms/staff`
    const there = await admin.createClient(
      { redirect_uris: [`${server.issuer}/upstream/callback`], grant_types: ['authorization_code'], scope: 'openid' },
      'staff',
    )
    await admin.updateRealm('main', {
      auth_params: {
        jwt_params: {
          idp_params: [
            {
              name: 'Staff',
              jwt_issuer_uri: issuer,
              jwks_uri: `${issuer}/jwks.json`,
              client_id: there.client_id,
              client_secret: there.client_secret,
              authorization_endpoint: `${issuer}/authorize`,
              token_endpoint: `${issuer}/token`,
            },
          ],
        },
      },
    })
    await admin.createUser({ username: 'robert', identities: [{ issuer, subject: sub }] })
    shop = await admin.createClient()
  })
  after(async () => {
    await server?.close()
    await proxy.close()
  })

  /** Follows pages of both realms until they lead to the client. */
  const goThrough = async (browser: Browser, start: string): Promise<URL> => {
    let answer = await browser.request('GET', start)
    for (let step = 0; step < MAX_STEPS; step++) {
      const { location } = answer.headers
      if (location?.startsWith(shop.redirect_uris[0] ?? '')) return new URL(location)
      if (location !== undefined) {
        answer = await browser.request('GET', location)
        continue
      }
      const form = readForm(answer.body)
      assert.ok(form, answer.body)
      const issuer = /name="issuer" value="([^"]*)"/.exec(answer.body)?.[1]
      const { username, password } = person
      const choice: Record<string, string> =
        issuer === undefined ? { username, password, decision: 'allow' } : { issuer }
      const fields = { ...form.fields, ...choice }
      answer = await browser.request('POST', form.action, { form: fields, headers: { origin: server.issuer } })
    }
    return assert.fail('the pages lead in a circle')
  }

  test('OpenID Connect Core §3.1 – who signs in there is signed in here, as the user that the identity names', async () => {
    const { verifier, challenge } = createPkce()
    const parameters = server.oauth.authorizationParameters(shop, challenge, { scope: 'openid profile' })
    const browser = server.browser()
    const answer = await goThrough(browser, server.url(`/authorize?${new URLSearchParams(parameters)}`))
    assert.equal(answer.searchParams.get('error'), null, answer.href)
    assert.equal(answer.searchParams.get('iss'), server.issuer)
    const tokens = await server.oauth.redeem(shop, answer.searchParams.get('code') ?? '', verifier)
    assert.equal(tokens.status, 200, tokens.body)
    const claims = jsonPart(tokens.json<{ id_token: string }>().id_token, 1)
    assert.equal(claims.iss, server.issuer)
    assert.deepEqual(claims.amr, ['pwd'])
    const { access_token } = tokens.json<{ access_token: string }>()
    const headers = { authorization: `Bearer ${access_token}` }
    const userinfo = (await server.request('GET', '/userinfo', { headers })).json()
    assert.equal(userinfo.preferred_username, 'robert')
    assert.deepEqual([...browser.jar.keys()].filter((name) => name.startsWith('__Host-sso.')).sort(), [
      '__Host-sso.main',
      '__Host-sso.staff',
    ])
  })

  test('RFC 9110 §9.3.6 – both fetches went through the tunnel of the proxy, with its credentials', () => {
    assert.deepEqual(
      proxy.asked.map(({ method }) => method),
      ['CONNECT', 'CONNECT'],
    )
    for (const { target, authorization } of proxy.asked) {
      assert.equal(target, `127.0.0.1:${server.prepared.port}`)
      assert.match(authorization ?? '', /^Basic /)
    }
  })

  test('T-JW-12 – the ID token that one realm gave to its client begins a session in the other one for the right audience alone', async () => {
    const { verifier, challenge } = createPkce()
    const staffClient = await server.admin.createClient({ consent: 'skip' }, 'staff')
    const parameters = server.oauth.authorizationParameters(staffClient, challenge)
    const start = server.url(`/realms/staff/authorize?${new URLSearchParams(parameters)}`)
    const answer = await server.oauth.visit(server.browser(), staffClient, start, person)
    assert.ok('parameters' in answer)
    const form = {
      grant_type: 'authorization_code',
      code: answer.parameters.get('code') ?? '',
      redirect_uri: staffClient.redirect_uris[0] ?? '',
      code_verifier: verifier,
      client_id: staffClient.client_id,
      client_secret: staffClient.client_secret ?? '',
    }
    const { client_id, client_secret, ...fields } = form
    const authorization = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`
    const tokens = await server.request('POST', '/realms/staff/token', { form: fields, headers: { authorization } })
    const { id_token } = tokens.json<{ id_token: string }>()
    const login = () =>
      server.request('POST', '/login?realm=main', { headers: { authorization: `Bearer ${id_token}` } })
    assert.equal((await login()).status, 401)
    const issuer = `${server.issuer}/realms/staff`
    const provider = { jwt_issuer_uri: issuer, jwks_uri: `${issuer}/jwks.json`, jwt_audience: client_id }
    await server.admin.updateRealm('main', { auth_params: { jwt_params: { idp_params: [provider] } } })
    const answered = await login()
    assert.equal(answered.status, 200, answered.body)
    assert.equal(answered.json().next_step, 'Authenticated')
  })
})
