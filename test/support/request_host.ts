/** A client's own address for its request objects: a real server that counts who asks, and answers as it is told. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

export const REQUEST_OBJECT_TYPE = 'application/oauth-authz-req+jwt'

export const startRequestHost = async () => {
  let answer: RequestListener = (_request, response) => void response.writeHead(404).end()
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    /** What came, since it was last looked at. */
    takeAsked: (): string[] => asked.splice(0),
    hold(content: string | Buffer, headers: Record<string, string> = { 'content-type': REQUEST_OBJECT_TYPE }): void {
      answer = (_request, response) => void response.writeHead(200, headers).end(content)
    },
    answerWith(listener: RequestListener): void {
      answer = listener
    },
    async close(): Promise<void> {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export type RequestHost = Awaited<ReturnType<typeof startRequestHost>>
