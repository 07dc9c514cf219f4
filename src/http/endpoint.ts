/** One row of the URL table. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Realm } from '../storage/realm_directory.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** How a thrown error reaches the caller: a JSON body, a Bearer challenge (RFC 6750 §3) or a page for people. */
export type ErrorChannel = 'json' | 'bearer' | 'page'

type Shape = {
  method: Method | Method[]
  path: string
  errors: ErrorChannel
  /** `public`: any origin may read it. `clients`: the configured origins. `none`: no CORS (OAuth 2.1 §3.1). */
  cors: 'public' | 'clients' | 'none'
  /** What counts as one: `documents` are counted apart, and more of them are let through; `none` is never refused. */
  limit?: 'documents' | 'none'
}

/** Mounted at the root for the default realm and under /realms/{realm} for every realm. */
export type RealmEndpoint = Shape & {
  at: 'realm'
  /** A public document: answered from the cache even while the store cannot be asked. */
  mayBeStale?: true
  handle(request: FastifyRequest, reply: FastifyReply, realm: Realm): unknown
}

/** Mounted once. */
export type ServerEndpoint = Shape & {
  at: 'server'
  handle(request: FastifyRequest, reply: FastifyReply): unknown
}

export type Endpoint = RealmEndpoint | ServerEndpoint
