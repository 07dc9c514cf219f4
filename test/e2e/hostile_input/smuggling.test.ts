/**
 * RFC 9112 §6, §7 and §11.2 – requests whose end two readers could see at different places. Behind each one stands another
 * request on the same connection: it must never be answered, so the first one is refused with 400 and the connection ends.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { sendRaw, statusOf } from '../../support/raw.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const FORM = 'Content-Type: application/x-www-form-urlencoded'
const BODY = 'grant_type=none'
const CHUNKED = `f\r\n${BODY}\r\n0\r\n\r\n`

type Request = { line?: string; headers: string[]; body: string; end?: string }

const withLength = (...values: string[]): Request => ({
  headers: values.map((value) => `Content-Length: ${value}`),
  body: BODY,
})

const withCoding = (...headers: string[]): Request => ({ headers, body: CHUNKED })

const withChunks = (body: string): Request => ({ headers: ['Transfer-Encoding: chunked'], body })

const corpus: Record<string, Request> = {
  // Content-Length against Content-Length.
  'two lengths that differ': withLength('15', '0'),
  'two lengths that differ, the shorter one first': withLength('0', '15'),
  'a list of lengths': withLength('15, 15'),
  'a list of lengths that differ': withLength('15, 0'),
  'a length with a sign': withLength('+15'),
  'a negative length': withLength('-15'),
  'a hexadecimal length': withLength('0xf'),
  'a length with a fraction': withLength('15.0'),
  'a length with a space inside': withLength('1 5'),
  'a length with a comma behind': withLength('15,'),
  'a length in quotes': withLength('"15"'),
  'a length beyond 64 bits': withLength('18446744073709551631'),
  'a length beyond 2^53': withLength('9007199254740993000000'),
  'an empty length': withLength(''),
  'a length with a vertical tab': withLength('\x0b15'),
  'a length in other digits': withLength('\xc2\xb2'),
  'a folded length': { headers: ['Content-Length: 1', ' 5'], body: BODY },
  // Content-Length against Transfer-Encoding.
  'a length and chunks': withCoding('Content-Length: 15', 'Transfer-Encoding: chunked'),
  'chunks and a length': withCoding('Transfer-Encoding: chunked', 'Content-Length: 15'),
  'chunks and a length of nothing': withCoding('Transfer-Encoding: chunked', 'Content-Length: 0'),
  'chunks, and a length with another case': withCoding('transfer-encoding: chunked', 'CONTENT-LENGTH: 4'),
  'a length, and a coding that is none': { headers: ['Content-Length: 15', 'Transfer-Encoding: x'], body: BODY },
  'a length, and an empty coding': { headers: ['Content-Length: 15', 'Transfer-Encoding:'], body: BODY },
  // Transfer-Encoding in disguise.
  'chunks under another name': withCoding('Transfer-Encoding: xchunked'),
  'chunks with something behind': withCoding('Transfer-Encoding: chunkedx'),
  'chunks twice': withCoding('Transfer-Encoding: chunked, chunked'),
  'chunks in two headers': withCoding('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'),
  'chunks, then identity': withCoding('Transfer-Encoding: chunked, identity'),
  'chunks, then identity, in two headers': withCoding('Transfer-Encoding: chunked', 'Transfer-Encoding: identity'),
  'identity, then chunks': withCoding('Transfer-Encoding: identity, chunked'),
  identity: withCoding('Transfer-Encoding: identity'),
  'gzip, then chunks': withCoding('Transfer-Encoding: gzip, chunked'),
  'chunks, then gzip': withCoding('Transfer-Encoding: chunked, gzip'),
  'chunks with a parameter': withCoding('Transfer-Encoding: chunked;q=1'),
  'chunks in quotes': withCoding('Transfer-Encoding: "chunked"'),
  'chunks behind a comma': withCoding('Transfer-Encoding: , chunked'),
  'chunks before a comma': withCoding('Transfer-Encoding: chunked,'),
  'chunks behind a vertical tab': withCoding('Transfer-Encoding: \x0bchunked'),
  'chunks before a form feed': withCoding('Transfer-Encoding: chunked\x0c'),
  'chunks before a NUL': withCoding('Transfer-Encoding: chunked\0'),
  'a space before the colon': withCoding('Transfer-Encoding : chunked'),
  'a tab before the colon': withCoding('Transfer-Encoding\t: chunked'),
  'a space before the name': withCoding('X-A: b', ' Transfer-Encoding: chunked'),
  'a folded coding': withCoding('Transfer-Encoding:', ' chunked'),
  'a name with an underscore beside a length': withCoding('Transfer_Encoding: chunked', 'Content-Length: 4, 4'),
  'a bare CR in a header': withCoding('X-A: b\rTransfer-Encoding: chunked'),
  'a bare LF in a header': withCoding('X-A: b\n Transfer-Encoding: chunked'),
  'chunks of HTTP/1.0': { ...withCoding('Transfer-Encoding: chunked'), line: 'POST /token HTTP/1.0' },
  // The chunks themselves.
  'a chunk with a sign': withChunks(`+f\r\n${BODY}\r\n0\r\n\r\n`),
  'a chunk with a hexadecimal mark': withChunks(`0xf\r\n${BODY}\r\n0\r\n\r\n`),
  'a chunk that is negative': withChunks(`-1\r\n${BODY}\r\n0\r\n\r\n`),
  'a chunk beyond 64 bits': withChunks(`1000000000000000f\r\n${BODY}\r\n0\r\n\r\n`),
  'a chunk without a length': withChunks(`\r\n${BODY}\r\n0\r\n\r\n`),
  'a chunk of no number': withChunks(`g\r\n${BODY}\r\n0\r\n\r\n`),
  'a chunk with a space before its length': withChunks(` f\r\n${BODY}\r\n0\r\n\r\n`),
  'a chunk with a bare LF behind its length': withChunks(`f\n${BODY}\r\n0\r\n\r\n`),
  'a chunk with a bare CR behind its length': withChunks(`f\r${BODY}\r\n0\r\n\r\n`),
  'a chunk with a bare LF behind its data': withChunks(`f\r\n${BODY}\n0\r\n\r\n`),
  'a chunk that is longer than it says': withChunks(`e\r\n${BODY}\r\n0\r\n\r\n`),
  'a chunk with a bare LF in its extension': withChunks(`f;a=b\nc\r\n${BODY}\r\n0\r\n\r\n`),
  'a chunk with a bare LF in a quoted extension': withChunks(`f;a="\n"\r\n${BODY}\r\n0\r\n\r\n`),
  'a chunk with a quote that does not end': withChunks(`f;a="\r\n${BODY}\r\n0\r\n\r\n`),
  'a chunk with a NUL in its extension': withChunks(`f;a=\0\r\n${BODY}\r\n0\r\n\r\n`),
  'a last chunk with a bare LF': withChunks(`f\r\n${BODY}\r\n0\n\n`),
  'a trailer that is none': withChunks(`f\r\n${BODY}\r\n0\r\nnonsense\r\n\r\n`),
  // The request line and the end of the head.
  'a bare LF behind the request line': { line: 'POST /token HTTP/1.1\nX-A: b', ...withLength('15') },
  'a tab in the request line': { line: 'POST\t/token HTTP/1.1', ...withLength('15') },
  'HTTP/0.9': { line: 'POST /token', ...withLength('15') },
  'HTTP/2.0 in words': { line: 'PRI * HTTP/2.0', headers: [], body: 'SM\r\n\r\n' },
  'a head that ends in bare LFs': { ...withLength('15'), end: '\n\n' },
}

describe('requests whose end is seen at two places', () => {
  let server: TestServer
  let host: string

  before(async () => {
    server = await startServer({ config: { server_params: { request_timeout_secs: 1 } } })
    host = new URL(server.issuer).host
  })
  after(() => server.close())

  const smuggled = (): string => `GET /live HTTP/1.1\r\nHost: ${host}\r\nX-Smuggled: 1\r\nConnection: close\r\n\r\n`

  const bytesOf = ({ line = 'POST /token HTTP/1.1', headers, body, end = '\r\n\r\n' }: Request): string =>
    `${[line, `Host: ${host}`, FORM, ...headers].join('\r\n')}${end}${body}${smuggled()}`

  const answersIn = (text: string): number => text.match(/HTTP\/1\.1 \d{3}/g)?.length ?? 0

  test('the control: of two requests that are right both are answered', async () => {
    const control = { headers: ['Content-Length: 15'], body: BODY }
    const answer = await sendRaw(server, bytesOf(control))
    assert.equal(answersIn(answer), 2)
    assert.match(answer, /HTTP\/1\.1 200 OK/)
    assert.equal(answersIn(await sendRaw(server, bytesOf(withChunks(CHUNKED)))), 2)
  })

  for (const [what, request] of Object.entries(corpus))
    test(`T-HT-01 RFC 9112 §6.1 §11.2 – ${what} is refused, and nothing behind it is answered`, async () => {
      const answer = await sendRaw(server, bytesOf(request))
      assert.ok(answersIn(answer) <= 1, answer)
      assert.doesNotMatch(answer, /HTTP\/1\.1 200/)
      assert.ok([400, 408, 501].includes(statusOf(answer)), JSON.stringify(answer.slice(0, 200)))
      assert.equal((await server.request('GET', '/live')).status, 200)
    })
})
