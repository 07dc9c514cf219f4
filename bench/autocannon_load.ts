/** Sends one load with autocannon and prints what was measured as one line of JSON. Argument: the file with the run. */
import { readFileSync } from 'node:fs'
import autocannon from 'autocannon'
import type { Exchange, Load, Run } from './load.ts'

const { origin, connections, seconds, load } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Run

/** What answers have given and requests have not taken yet. */
const queue: string[] = load.kind === 'refresh' ? [...load.tokens] : []

const next = (current: Load): Exchange => {
  if (current.kind === 'repeat') return current.request
  const value = queue.shift()
  if (current.kind === 'code' && value === undefined) return current.authorize
  return { ...current.request, body: `${current.request.body}${value ?? 'none'}` }
}

const keep = (body: string, headers: Record<string, string>): void => {
  const given =
    load.kind === 'refresh'
      ? /"refresh_token":"([^"]+)"/.exec(body)?.[1]
      : /[?&]code=([^&]+)/.exec(headers.location ?? headers.Location ?? '')?.[1]
  if (given !== undefined) queue.push(given)
}

const result = await autocannon({
  url: origin,
  connections,
  duration: seconds,
  tlsOptions: { rejectUnauthorized: false },
  requests: [
    {
      setupRequest: (request) => ({ ...request, ...next(load) }),
      onResponse: (_status, body, _context, headers) => keep(body, headers),
    },
  ],
})

// A redirect with a code is an answer of its own kind, not an error.
const refused = load.kind === 'code' ? 0 : result.non2xx
process.stdout.write(
  `${JSON.stringify({ rate: result.requests.average, p50: result.latency.p50, p99: result.latency.p99, errors: result.errors + refused })}\n`,
)
