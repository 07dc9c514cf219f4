/** What the measurements use of packages that bring no types of their own. */

declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  export type Payload = Record<string, unknown> & { grantId?: string; uid?: string; userCode?: string }

  type Interaction = {
    prompt: { name: string }
    params: { client_id: string; scope: string }
    session?: { accountId: string }
    grantId?: string
  }

  export default class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>)
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>
    interactionFinished(request: IncomingMessage, response: ServerResponse, result: unknown): Promise<void>
    on(event: string, listener: (context: unknown, error: unknown) => void): this
    Grant: new (
      properties: Record<string, unknown>,
    ) => {
      addOIDCScope(scope: string): void
      save(): Promise<string>
    }
  }
}

declare module 'autocannon' {
  type Exchange = { method: string; path: string; headers: Record<string, string>; body?: string }

  type Options = {
    url: string
    connections: number
    duration: number
    tlsOptions?: Record<string, unknown>
    requests: {
      setupRequest(request: Exchange): Exchange
      onResponse(status: number, body: string, context: unknown, headers: Record<string, string>): void
    }[]
  }

  type Result = {
    requests: { average: number }
    latency: { p50: number; p99: number }
    errors: number
    non2xx: number
  }

  export default function autocannon(options: Options): Promise<Result>
}
