/**
 * An HTTP proxy as a process of its own: CONNECT and the absolute form, RFC 9110 §9.3.6 and RFC 9112 §3.2.2. Says in which
 * port it listens, and then each request that it got, a line each. The argument is the Proxy-Authorization that it wants.
 */
import { createServer, request as requestPlain } from 'node:http'
import { type AddressInfo, connect } from 'node:net'

const wanted = process.argv[2] ?? ''

const say = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`)

const isAllowed = (authorization: string | undefined): boolean => wanted === '' || authorization === wanted

const server = createServer((request, response) => {
  const authorization = request.headers['proxy-authorization']
  say({ method: request.method, target: request.url, host: request.headers.host, authorization })
  if (!isAllowed(authorization)) return void response.writeHead(407).end()
  const { 'proxy-authorization': _mine, ...headers } = request.headers
  const outgoing = requestPlain(request.url ?? '', { method: request.method, headers, agent: false }, (incoming) => {
    response.writeHead(incoming.statusCode ?? 502, incoming.headers)
    incoming.pipe(response)
  })
  outgoing.on('error', () => response.writeHead(502).end())
  request.pipe(outgoing)
})

server.on('connect', (request, socket, head) => {
  const authorization = request.headers['proxy-authorization']
  say({ method: 'CONNECT', target: request.url, host: request.headers.host, authorization })
  socket.on('error', () => socket.destroy())
  if (!isAllowed(authorization)) return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
  const { hostname, port } = new URL(`http://${request.url}`)
  const far = connect(Number(port), hostname.replace(/^\[|\]$/g, ''), () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    far.write(head)
    far.pipe(socket).pipe(far)
  })
  far.on('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'))
})

server.listen(0, '127.0.0.1', () => say({ port: (server.address() as AddressInfo).port }))
