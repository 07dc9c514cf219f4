/** Whether this process lives and whether it can do its work: for supervisors, load balancers and people. */
import type { ServerEndpoint } from '../http/endpoint.ts'
import type { SessionStore } from '../sessions/session_store.ts'
import type { Store } from '../storage/store.ts'

export type HealthDeps = {
  store: Pick<Store, 'check'>
  sessionStore: Pick<SessionStore, 'check'>
  /** True once the stores could be asked and their schema is current. */
  isPrepared(): boolean
  /** True from the first sign of shutdown on. */
  isDraining(): boolean
  /** The server's certificate has expired: it answers, and no client accepts it. */
  isCertificateOver(): boolean
}

type Check = 'ok' | 'unavailable' | 'starting' | 'draining' | 'expired'

const tried = async (check: () => Promise<void>): Promise<Check> => {
  try {
    await check()
    return 'ok'
  } catch {
    return 'unavailable'
  }
}

const get = (path: string, handle: ServerEndpoint['handle']): ServerEndpoint => ({
  at: 'server',
  method: 'GET',
  path,
  errors: 'json',
  cors: 'none',
  // Whoever is refused here takes the server for dead.
  limit: 'none',
  handle,
})

export const createHealthEndpoints = (deps: HealthDeps): ServerEndpoint[] => {
  const stage = (): Check => {
    if (deps.isDraining()) return 'draining'
    return deps.isPrepared() ? 'ok' : 'starting'
  }

  const checks = async (): Promise<Record<string, Check>> => {
    const [database, sessions] = await Promise.all([
      tried(() => deps.store.check()),
      tried(() => deps.sessionStore.check()),
    ])
    return { database, sessions, server: stage(), certificate: deps.isCertificateOver() ? 'expired' : 'ok' }
  }
  const ready: ServerEndpoint['handle'] = async (_request, reply) => {
    const results = await checks()
    const isReady = Object.values(results).every((result) => result === 'ok')
    reply.code(isReady ? 200 : 503).header('cache-control', 'no-store')
    if (!isReady) reply.header('retry-after', '1')
    return reply.send({ status: isReady ? 'ok' : 'unavailable', checks: results })
  }
  const live: ServerEndpoint['handle'] = (_request, reply) =>
    reply.header('cache-control', 'no-store').send({ status: 'ok' })

  return [get('/live', live), get('/ready', ready), get('/health', ready)]
}
