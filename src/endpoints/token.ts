/** RFC 6749 §3.2 – the token endpoint. */
import type { Exchange } from '../grants/exchange.ts'
import type { Endpoint } from '../http/endpoint.ts'
import { clientAuthRequest } from './client_auth_request.ts'

const PATH = '/token'

export const createTokenEndpoint = ({ exchange }: { exchange: Exchange }): Endpoint => ({
  at: 'realm',
  method: 'POST',
  path: PATH,
  errors: 'json',
  cors: 'clients',
  async handle(request, reply, realm) {
    const { client, response, dpopNonce } = await exchange(realm, clientAuthRequest(request, realm, PATH))
    request.clientId = client.clientId
    // RFC 6749 §5.1 – a response with tokens is stored nowhere.
    reply.header('cache-control', 'no-store')
    if (dpopNonce !== undefined) reply.header('dpop-nonce', dpopNonce)
    return response
  },
})
