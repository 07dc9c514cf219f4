/** The Lua that makes wrk send a load: the same three kinds as autocannon_load.ts, with a queue for what one answer gives to the next request. */
import type { Exchange, Load } from './load.ts'

/** A Lua string: JSON's escapes are Lua's for everything that occurs in a request. */
const lua = (text: string): string => JSON.stringify(text)

const headers = (exchange: Exchange): string =>
  `{${Object.entries(exchange.headers)
    .map(([name, value]) => `[${lua(name)}]=${lua(value)}`)
    .join(',')}}`

const send = (exchange: Exchange, rest = ''): string =>
  `wrk.format(${lua(exchange.method)}, ${lua(exchange.path)}, ${headers(exchange)}, ${lua(exchange.body)}${rest})`

const script: { [K in Load['kind']]: (load: Extract<Load, { kind: K }>) => string } = {
  repeat: ({ request }) => `
local fixed
function init() fixed = ${send(request)} end
function request() return fixed end`,

  refresh: ({ request, tokens }) => `
local queue, first, last = {${tokens.map(lua).join(',')}}, 1, ${tokens.length}
function request()
  local token = queue[first]
  queue[first] = nil
  first = first + 1
  return ${send(request, ' .. (token or "none")')}
end
function response(status, headers, body)
  local token = string.match(body, '"refresh_token":"([^"]+)"')
  if token then last = last + 1; queue[last] = token end
end`,

  code: ({ authorize, request }) => `
local codes, first, last = {}, 1, 0
local ask
function init() ask = ${send(authorize)} end
function request()
  if first > last then return ask end
  local code = codes[first]
  codes[first] = nil
  first = first + 1
  return ${send(request, ' .. code')}
end
function response(status, headers, body)
  local place = headers['location'] or headers['Location']
  local code = place and string.match(place, '[?&]code=([^&]+)')
  if code then last = last + 1; codes[last] = code end
end`,
}

const DONE = `
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('{"rate":%f,"p50":%f,"p99":%f,"errors":%d}\\n', summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, e.connect + e.read + e.write + e.status + e.timeout))
end`

export const luaScript = (load: Load): string => {
  const write = script[load.kind] as (load: Load) => string
  return write(load) + DONE
}
