/**
 * node-oidc-provider, the peer: the same client, the same token format, the same certificate. A person is signed in and
 * consents without being asked, so that what is measured is the protocol. Arguments: port, key, certificate, SQLite file or `memory`.
 */
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import Provider from 'oidc-provider'
import { CLIENT, PERSON, RESOURCE, SCOPES } from './actors.ts'
import { createPeerStore } from './peer_store.ts'

const [port, keyPath, certificatePath, store = 'memory'] = process.argv.slice(2)
const issuer = `https://localhost:${port}`

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

const provider = new Provider(issuer, {
  ...(store === 'memory' ? {} : { adapter: createPeerStore(store) }),
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'peer', alg: 'ES256', use: 'sig' }] },
  cookies: { keys: ['bench'] },
  clients: [
    {
      client_id: CLIENT.id,
      client_secret: CLIENT.secret,
      redirect_uris: [CLIENT.redirectUri],
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
      id_token_signed_response_alg: 'ES256',
    },
  ],
  scopes: SCOPES,
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: async () => true,
  findAccount: (_context: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
  interactions: { url: (_context: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}` },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => RESOURCE,
      useGrantedResource: () => true,
      // RFC 7662 – it introspects only what it has stored, so one resource gets opaque tokens.
      getResourceServerInfo: (_context: unknown, resource: string) => ({
        scope: 'api',
        accessTokenFormat: resource === RESOURCE ? 'jwt' : 'opaque',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
})

/** Signs the one person in and consents to everything, as soon as either is asked for. */
const decide = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const { prompt, params, session } = await provider.interactionDetails(request, response)
  if (prompt.name === 'login') {
    await provider.interactionFinished(request, response, { login: { accountId: PERSON.username } })
    return
  }
  const grant = new provider.Grant({ accountId: session?.accountId, clientId: params.client_id })
  grant.addOIDCScope(params.scope)
  await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } })
}

const handle = provider.callback()
createServer(
  {
    key: readFileSync(keyPath ?? '', 'utf8'),
    cert: readFileSync(certificatePath ?? '', 'utf8'),
    minVersion: 'TLSv1.3',
  },
  (request, response) => {
    const done = request.url?.startsWith('/interaction/') ? decide(request, response) : handle(request, response)
    done.catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      response.destroy()
    })
  },
).listen(Number(port), '127.0.0.1')
