/** Somebody else's web application: whatever answers requests, at an https origin of its own. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import { freePort } from './ports.ts'
import { testCertificates } from './server.ts'

/** `create` gets the origin, which an application has to know before it starts. */
export const startHttpsServer = async (create: (origin: string) => RequestListener | Promise<RequestListener>) => {
  const pem = await testCertificates()
  const port = await freePort()
  const origin = `https://localhost:${port}`
  const tls = { key: readFileSync(pem.key), cert: readFileSync(pem.certificate) }
  const server = createServer(tls, await create(origin))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin,
    async close(): Promise<void> {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export type HttpsServer = Awaited<ReturnType<typeof startHttpsServer>>
