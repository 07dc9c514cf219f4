/** A real browser: Chromium by playwright-core, each visit with cookies of its own and a record of what the browser objected to. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
]

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const findChromium = (): string | undefined => {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isExecutable)
}

/** For the `skip` of a suite: the reason when there is no browser, false when there is one or it must be there. */
export const browserMissing = (): string | false =>
  findChromium() === undefined && process.env.AUTH_SERVER_TEST_REQUIRE !== 'all' ? 'no Chromium found in PATH' : false

export type Visit = {
  page: Page
  context: BrowserContext
  /** Violations of the Content Security Policy, script errors and whatever else the console calls an error. */
  problems: string[]
}

type VisitOptions = Pick<BrowserContextOptions, 'javaScriptEnabled' | 'colorScheme' | 'clientCertificates'>

// A page that answers with an error status is no problem of the page.
const isStatusReport = (text: string): boolean =>
  text.startsWith('Failed to load resource: the server responded with a status of 4')

const watch = (page: Page, problems: string[]): void => {
  page.on('console', (message) => {
    if (message.type() === 'error' && !isStatusReport(message.text())) problems.push(message.text())
  })
  page.on('pageerror', (error) => problems.push(error.message))
}

export const launchBrowser = async () => {
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error('no Chromium found in PATH')
  const browser = await chromium.launch({ executablePath, args: FLAGS })
  return {
    /** A fresh profile: no cookies, no history. */
    visit: async (options: VisitOptions = {}): Promise<Visit> => {
      // The test server's certificate comes from an authority that no browser knows.
      const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options })
      const problems: string[] = []
      context.on('page', (page) => watch(page, problems))
      return { page: await context.newPage(), context, problems }
    },
    close: () => browser.close(),
  }
}

export type BrowserUnderTest = Awaited<ReturnType<typeof launchBrowser>>
