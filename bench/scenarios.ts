/** What is measured: for each scenario, the load that it means at a candidate. */

import { PKCE, SCOPES } from './actors.ts'
import { authorizationOf, type Candidate } from './candidates.ts'
import type { Exchange, Load } from './load.ts'

const FORM = 'application/x-www-form-urlencoded'

const post = (candidate: Candidate, path: string, body: string): Exchange => ({
  method: 'POST',
  path,
  headers: { authorization: authorizationOf(candidate), 'content-type': FORM },
  body,
})

const get = (path: string, headers: Record<string, string> = {}): Exchange => ({
  method: 'GET',
  path,
  headers,
  body: '',
})

export const clientCredentials = async (candidate: Candidate): Promise<Load> => ({
  kind: 'repeat',
  request: post(
    candidate,
    candidate.paths.token,
    `grant_type=client_credentials&scope=api&client_id=${candidate.client.client_id}`,
  ),
})

const codeScope = SCOPES.filter((scope) => scope !== 'api').join(' ')

const refresh = async (candidate: Candidate, connections: number): Promise<Load> => {
  const tokens: string[] = []
  // wrk takes a few more than there are connections, before it starts to measure.
  while (tokens.length < connections + 4) {
    const answer = await candidate.oauth.obtainTokens(candidate.client, candidate.person, {
      browser: candidate.browser,
      extra: { scope: codeScope },
    })
    tokens.push(answer.refresh_token)
  }
  return {
    kind: 'refresh',
    request: post(candidate, candidate.paths.token, 'grant_type=refresh_token&refresh_token='),
    tokens,
  }
}

const codeFlow = async (candidate: Candidate): Promise<Load> => {
  const parameters = candidate.oauth.authorizationParameters(candidate.client, PKCE.challenge, { scope: codeScope })
  // The first one signs in; what follows is what a browser with a session sends.
  await candidate.oauth.obtainCode(candidate.browser, candidate.client, parameters, candidate.person)
  const redemption = new URLSearchParams({
    grant_type: 'authorization_code',
    redirect_uri: parameters.redirect_uri ?? '',
    code_verifier: PKCE.verifier,
  })
  return {
    kind: 'code',
    authorize: get(`${candidate.paths.authorize}?${new URLSearchParams(parameters)}`, {
      cookie: candidate.browser.cookie(),
    }),
    request: post(candidate, candidate.paths.token, `${redemption}&code=`),
  }
}

const introspection = async (candidate: Candidate): Promise<Load> => {
  const form = {
    grant_type: 'client_credentials',
    ...(candidate.name.startsWith('peer') ? { resource: 'https://opaque.example/' } : { scope: 'api' }),
  }
  const answer = await candidate.oauth.token(candidate.client, form)
  const { access_token } = answer.json<{ access_token: string }>()
  return { kind: 'repeat', request: post(candidate, candidate.paths.introspection, `token=${access_token}`) }
}

const discovery = async (candidate: Candidate): Promise<Load> => ({
  kind: 'repeat',
  request: get(candidate.paths.discovery),
})

export type Scenario = {
  name: string
  /** Names of the candidates, the floor first where there is one, this server always. */
  candidates: string[]
  /** How many answers make one of what is counted. */
  answersEach: number
  /** What performance asks for, as ratios. */
  aim: string
  load(candidate: Candidate, connections: number): Promise<Load>
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'client_credentials, JWT',
    candidates: ['floor', 'server', 'server, log level info', 'peer in memory'],
    answersEach: 1,
    aim: '0.80 of the floor',
    load: clientCredentials,
  },
  {
    name: 'refresh_token with rotation, durable',
    candidates: ['server', 'peer on SQLite'],
    answersEach: 1,
    aim: '5 times the peer',
    load: refresh,
  },
  {
    name: 'code flow with a session, durable',
    candidates: ['server', 'peer on SQLite'],
    answersEach: 2,
    aim: '3 times the peer',
    load: codeFlow,
  },
  {
    name: 'introspection',
    candidates: ['server', 'peer in memory'],
    answersEach: 1,
    aim: '3 times the peer',
    load: introspection,
  },
  {
    name: 'discovery',
    candidates: ['floor', 'server', 'peer in memory'],
    answersEach: 1,
    aim: '0.90 of the floor',
    load: discovery,
  },
]
