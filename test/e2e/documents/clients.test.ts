/** docs/clients.md, run: every command as it is written but for ports and folders, and every answer as it is shown there. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { parse } from 'smol-toml'
import { createBrowser, type Target } from '../../support/client.ts'
import { createOauth } from '../../support/oauth.ts'
import { freePort } from '../../support/ports.ts'
import { type ServerProcess, startServerProcess, testCertificates } from '../../support/server.ts'

const root = join(import.meta.dirname, '../../..')
const ALICE = { username: 'alice', password: 'a long enough password' }

const SHELL = /^```sh\n([\s\S]*?)^```$/gm

type Block = { language: string; content: string }

const blocksOf = (document: string): Block[] =>
  [...readFileSync(join(root, document), 'utf8').matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(
    ([, language = '', content = '']) => ({ language, content }),
  )

/** `…` stands for what differs each time. */
const toPattern = (line: string): RegExp =>
  new RegExp(
    line
      .split('…')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*'),
  )

/** What a person does with a browser: opens an address, signs in where that is asked for, and goes where the pages lead. */
const createPerson = (target: Target) => {
  const browser = createBrowser(target)
  const oauth = createOauth(target)

  const openAtClient = async (url: string): Promise<string | undefined> => {
    const response = await fetch(url, { redirect: 'manual' })
    assert.ok(response.status < 400, `${url} ${response.status} ${await response.text()}`)
    return response.headers.get('location') ?? undefined
  }

  return {
    /** `callback`: where the answer goes. */
    async signIn(url: string, callback: string): Promise<void> {
      const atServer = url.startsWith(target.issuer) ? url : await openAtClient(url)
      const client = { client_id: '', redirect_uris: [callback], token_endpoint_auth_method: 'none' }
      const response = await oauth.visit(browser, client, atServer ?? '', ALICE)
      assert.ok('parameters' in response, JSON.stringify(response))
      await openAtClient(response.location)
    },

    /** Frames are opened before the page goes on. */
    async signOut(url: string): Promise<void> {
      const page = await browser.request('GET', (await openAtClient(url)) ?? '')
      const unescaped = page.body.replaceAll('&amp;', '&')
      for (const [, frame = ''] of unescaped.matchAll(/<iframe src="([^"]*)"/g)) await openAtClient(frame)
      await openAtClient(/<a id="continue" href="([^"]*)"/.exec(unescaped)?.[1] ?? '')
    },
  }
}

describe('docs/clients.md', () => {
  const [start, ...blocks] = blocksOf('docs/clients.md')
  let folder: string
  let server: ServerProcess
  let places: (text: string) => string

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'auth_server_documents-'))
    const pem = await testCertificates()
    const made = dirname(pem.authority)
    mkdirSync(join(folder, 'certificates'))
    for (const file of readdirSync(made)) copyFileSync(join(made, file), join(folder, 'certificates', file))
    for (const name of ['demo', 'auth_server.toml']) symlinkSync(join(root, name), join(folder, name))
    const mtlsPort = await freePort()
    const { username, password } = { username: 'admin', password: 'correct horse battery staple' }
    server = await startServerProcess({
      config: { mtls_params: { host_port: mtlsPort } },
      env: { APP_REALM_ADMIN_USERNAME: username, APP_REALM_ADMIN_INITIAL_PASSWORD: password },
    })
    const ports: Record<string, number> = { 8443: server.prepared.port, 9443: mtlsPort }
    for (const port of [3000, 3001, 3002]) ports[port] = await freePort()
    places = (text) => text.replace(/\b(?:8443|9443|300[012])\b/g, (port) => `${ports[port]}`)
  })
  after(async () => {
    await server?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const programs = (text: string): string => text.replaceAll('npx node', process.execPath)

  /** Each block's output. */
  const run = async (scripts: string[]): Promise<string[]> => {
    const person = createPerson(server)
    const script = scripts.map((content) => `echo '== block'\n${programs(places(content))}`).join('\n')
    // With an end, so that a program which waits in vain fails instead of hanging.
    const child = spawn('timeout', ['120', 'bash', '-e', '-O', 'expand_aliases', '-s'], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const exited = once(child, 'exit')
    child.stdin.end(script)
    let output = ''
    const opened: string[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      output += `${line}\n`
      const [, word, url = ''] = /^(open|then) {2}(\S+)$/.exec(line) ?? []
      if (word === 'open' && url.startsWith('https')) await person.signIn(url, places('http://127.0.0.1:3000/callback'))
      if (word === 'open' && !url.startsWith('https')) opened.push(url)
      if (word !== 'then') continue
      for (const application of opened) await person.signIn(application, `${application}callback`)
      await person.signOut(url)
    }
    assert.deepEqual(await exited, [0, null], output)
    return output.split('== block\n').slice(1)
  }

  test('every command of the README for such clients is one of these', () => {
    const section = readFileSync(join(root, 'README.md'), 'utf8')
      .split(/^## /m)
      .find((text) => text.startsWith('Clients of high'))
    const known = [start, ...blocks].map((block) => block?.content).join('')
    const [prepare = '', ...others] = [...(section ?? '').matchAll(SHELL)].map(([, content = '']) => content)
    assert.ok(known.includes(prepare.split('\n')[0] ?? '-'))
    assert.equal(others.length, 4)
    for (const line of others.join('').split('\n')) assert.ok(known.includes(`${line}\n`), line)
  })

  test('the server of the document is the shipped one, with a second port', () => {
    assert.match(start?.content ?? '', /npm start -- clients\.toml/)
    const [, from = '', to = ''] =
      /sed 's\/(.*?)\/(.*?)\/' auth_server\.toml > clients\.toml/.exec(start?.content ?? '') ?? []
    const shipped = readFileSync(join(root, 'auth_server.toml'), 'utf8')
    const changed = shipped.replace(new RegExp(from, 'm'), to)
    const plain = (text: string): Record<string, unknown> => JSON.parse(JSON.stringify(parse(text)))
    assert.deepEqual(plain(changed), { ...plain(shipped), mtls_params: { host_port: 9443 } })
  })

  test('RFC 9449 §7 RFC 8705 §3 FAPI 2.0 §5.3.2.1 Back-Channel Logout §2.5 Front-Channel Logout §3 – the commands do what is shown', async () => {
    const outputs = await run(blocks.filter(({ language }) => language === 'sh').map(({ content }) => content))
    let index = -1
    for (const { language, content } of blocks) {
      if (language === 'sh') index += 1
      else for (const line of places(content).trim().split('\n')) assert.match(outputs[index] ?? '', toPattern(line))
    }
    assert.match(outputs.join(''), /"x5t#S256":"([\w-]{43})"}}\1=/)
  })
})
