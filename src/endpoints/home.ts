/** What stands at the root: a page that tells a person where they are. */
import type { Endpoint } from '../http/endpoint.ts'
import { sendPage } from '../http/page.ts'
import { homePage } from '../pages/home.ts'
import { VERSION } from '../system/version.ts'

export type HomeDeps = { config: { oauth_params: { issuer: string } } }

export const createHomeEndpoint = (deps: HomeDeps): Endpoint => ({
  at: 'server',
  method: 'GET',
  path: '/',
  errors: 'page',
  cors: 'none',
  handle: (_request, reply) => sendPage(reply, homePage({ issuer: deps.config.oauth_params.issuer, version: VERSION })),
})
