/** FAPI 2.0 as the clients of the conformance suite speak it: pushed requests, a browser, tokens, a resource. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { CODE_CHALLENGE, CODE_VERIFIER } from '../authorization.ts'
import { type Answer, clientBasic, errorCodeOf } from '../client.ts'
import { createProofKey, type ProofKey } from '../dpop.ts'
import type { AuthorizationResponse, TokenAnswer } from '../oauth.ts'
import { isUnguessable, readIdToken, readTokens } from './checks.ts'
import { type Combination, isAssertion, isDpop, isJarm, isOpenid, isSigned, usesCertificate } from './combinations.ts'
import { type Changes, newJti, signJwt } from './keys.ts'
import { OPENID_SCOPE, type Party, RESOURCE_SCOPE, type Shown, type Suite } from './suite.ts'

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** The type of the second client's request objects: a media type has no case. */
const ODD_TYPE = 'OautH-auThZ-REQ+jWt'

type ProofChanges = { claims?: Record<string, unknown>; header?: Record<string, unknown> }

/** How a request differs from a right one; false leaves the thing out. */
export type Wish = {
  assertion?: Changes | false
  certificate?: Shown | false
  proof?: ProofChanges | false
  proofKey?: ProofKey
  object?: Changes | false
  /** Of the body, after everything else. */
  form?: Fields
  method?: string
  headers?: Record<string, string>
  /** After the address. */
  query?: string
}

/** Undefined leaves a parameter out. */
export type Fields = Record<string, string | undefined>

const withoutUndefined = (fields: Fields): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined))

const unambiguous = (name: string): string => createHash('sha256').update(name).digest('base64url').slice(0, 16)

export const createFapi2Client = (suite: Suite, combination: Combination, party: Party) => {
  const { server, metadata } = suite
  const { registered, key } = party
  const clientId = registered.client_id
  const isSecond = key.kid === 'two'
  let proofKey = createProofKey('ES256')

  /** Of the discovery document, by the alias where the client shows a certificate. */
  const addressOf = (name: string): string => {
    const aliases = usesCertificate(combination) ? metadata.mtls_endpoint_aliases : {}
    const address = aliases[name] ?? metadata[name]
    if (typeof address !== 'string') throw new Error(`no ${name} in the discovery document`)
    return address
  }

  const authentication = async (wish: Wish): Promise<Fields> => {
    if (!isAssertion(combination) || wish.assertion === false) return { client_id: clientId }
    const iat = suite.now()
    const claims = { iss: clientId, sub: clientId, aud: metadata.issuer, jti: newJti(), iat, exp: iat + 60 }
    return {
      client_id: clientId,
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await signJwt(key, claims, wish.assertion),
    }
  }

  const proofHeader = (
    wish: Wish,
    target: { method: string; url: string; accessToken?: string },
  ): Record<string, string> => {
    if (!isDpop(combination) || wish.proof === false) return {}
    return { dpop: (wish.proofKey ?? proofKey).prove({ ...target, iat: suite.now(), ...wish.proof }) }
  }

  const certificateOf = (wish: Wish): { certificate?: Shown } => {
    if (!usesCertificate(combination) || wish.certificate === false) return {}
    return { certificate: wish.certificate ?? party.certificate }
  }

  const post = async (name: string, fields: Fields, wish: Wish, headers: Record<string, string>): Promise<Answer> => {
    const url = addressOf(name)
    const form = withoutUndefined({ ...(await authentication(wish)), ...fields, ...wish.form })
    const sent = { form, headers: { ...headers, ...wish.headers }, ...certificateOf(wish) }
    return await server.request(wish.method ?? 'POST', url, sent)
  }

  /** OAuth 2.1 §4.1.1 – a right request, but for the changes. */
  const parametersWith = (changes: Fields = {}): Record<string, string> =>
    withoutUndefined({
      client_id: clientId,
      response_type: 'code',
      redirect_uri: registered.redirect_uris[0],
      scope: isOpenid(combination) ? OPENID_SCOPE : RESOURCE_SCOPE,
      // The second client's state is long, with every character that stands unencoded in a query.
      state: isSecond ? `${'aZ09-._~'.repeat(15)}${unambiguous(newJti())}`.padEnd(128, '-') : newJti(),
      nonce: isOpenid(combination) ? newJti() : undefined,
      code_challenge: CODE_CHALLENGE,
      code_challenge_method: 'S256',
      response_mode: isJarm(combination) ? 'jwt' : undefined,
      ...changes,
    })

  /** RFC 9101 §4 and FAPI 2.0 Message Signing §5.3.2. */
  const objectOf = async (parameters: Record<string, string>, wish: Wish): Promise<Fields> => {
    if (!isSigned(combination) || wish.object === false) return parameters
    const now = suite.now()
    const claims = { ...parameters, iss: clientId, aud: metadata.issuer, nbf: now, iat: now, exp: now + 300 }
    const changes = wish.object ?? {}
    const header = { ...(isSecond ? { typ: ODD_TYPE } : {}), ...changes.header }
    return { client_id: clientId, request: await signJwt(key, claims, { ...changes, header }) }
  }

  /** RFC 9126 §2.1; a proof goes along where the wish names one. */
  const push = async (changes: Fields = {}, wish: Wish = {}): Promise<Answer> => {
    const name = 'pushed_authorization_request_endpoint'
    const fields = await objectOf(parametersWith(changes), wish)
    const isProved = wish.proof !== undefined || wish.proofKey !== undefined
    return await post(name, fields, wish, isProved ? proofHeader(wish, { method: 'POST', url: addressOf(name) }) : {})
  }

  const pushed = async (changes: Fields = {}, wish: Wish = {}): Promise<string> => {
    const answer = await push(changes, wish)
    assert.equal(answer.status, 201, answer.body)
    const { request_uri: requestUri, expires_in: seconds } = answer.json<{ request_uri: string; expires_in: number }>()
    isUnguessable(requestUri)
    assert.ok(Number.isInteger(seconds) && seconds >= 5 && seconds <= 1_800)
    return requestUri
  }

  /** JARM §2.4 – what the one parameter holds. */
  const unpack = async (response: string): Promise<URLSearchParams> => {
    const jwks = (await server.request('GET', String(metadata.jwks_uri))).json<JSONWebKeySet>()
    const checks = {
      issuer: metadata.issuer,
      audience: clientId,
      algorithms: ['PS256'],
      currentDate: new Date(suite.now() * 1000),
    }
    const { payload, protectedHeader } = await jwtVerify(response, createLocalJWKSet(jwks), checks)
    const { iss, aud: _aud, exp = 0, ...members } = payload
    assert.ok(exp - suite.now() >= 10 && exp - suite.now() <= 600, `exp in ${exp - suite.now()} s`)
    assert.ok(protectedHeader.kid)
    return new URLSearchParams({ iss: String(iss), ...(members as Record<string, string>) })
  }

  /** What came to the redirect URI, without the query that it has of its own. */
  const readResponse = async ({ location }: AuthorizationResponse): Promise<URLSearchParams> => {
    const url = new URL(location)
    assert.equal(url.hash, '')
    const parameters = new URLSearchParams(url.search)
    if (isSecond) {
      assert.deepEqual([parameters.get('dummy1'), parameters.get('dummy2')], ['lorem', 'ipsum'])
      parameters.delete('dummy1')
      parameters.delete('dummy2')
    }
    assert.equal(new Set(parameters.keys()).size, [...parameters.keys()].length, 'a parameter came twice')
    if (!isJarm(combination)) return parameters
    assert.deepEqual([...parameters.keys()], ['response'])
    return await unpack(parameters.get('response') ?? '')
  }

  type Visit = { browser?: Party['browser']; decision?: 'allow' | 'deny'; beside?: Fields; address?: string }

  /** The person's way: the parameters that reach the client, or the page that nothing leads on from. */
  const visit = async (parameters: Fields, { browser, decision }: Visit = {}): Promise<URLSearchParams | Answer> => {
    const url = `${String(metadata.authorization_endpoint)}?${new URLSearchParams(withoutUndefined(parameters))}`
    const { oauth } = server
    const response = await oauth.visit(browser ?? party.browser, registered, url, suite.person, decision)
    return 'parameters' in response ? await readResponse(response) : response
  }

  const authorize = (requestUri: string, options: Visit = {}): Promise<URLSearchParams | Answer> =>
    visit({ client_id: clientId, request_uri: requestUri, ...options.beside }, options)

  /** Every check of a right answer: RFC 6749 §4.1.2, RFC 9207 §2. */
  const codeFrom = async (requestUri: string, state: string | undefined, options: Visit = {}): Promise<string> => {
    const response = await authorize(requestUri, options)
    assert.ok(response instanceof URLSearchParams, 'body' in response ? (errorCodeOf(response.body) ?? '') : '')
    const code = response.get('code') ?? ''
    assert.deepEqual(Object.fromEntries(response), {
      code,
      iss: metadata.issuer,
      ...(state === undefined ? {} : { state }),
    })
    isUnguessable(code)
    return code
  }

  const obtainCode = async (changes: Fields = {}, wish: Wish = {}): Promise<string> => {
    const state = 'state' in changes ? changes.state : newJti()
    return await codeFrom(await pushed({ state, ...changes }, wish), state)
  }

  const token = async (fields: Fields, wish: Wish = {}): Promise<Answer> => {
    const target = { method: 'POST', url: addressOf('token_endpoint') }
    return await post('token_endpoint', fields, wish, proofHeader(wish, target))
  }

  const redeem = (code: string, wish: Wish = {}): Promise<Answer> =>
    token(
      {
        grant_type: 'authorization_code',
        code,
        redirect_uri: registered.redirect_uris[0],
        code_verifier: CODE_VERIFIER,
      },
      wish,
    )

  /** With every check of the answer. */
  const readAnswer = async (answer: Answer, nonce?: string, asked: readonly string[] = []): Promise<TokenAnswer> => {
    const tokens = readTokens(answer, isDpop(combination) ? 'DPoP' : 'Bearer')
    if (isOpenid(combination)) {
      const jwks = (await server.request('GET', String(metadata.jwks_uri))).json<JSONWebKeySet>()
      const { issuer } = metadata
      const { access_token: accessToken, id_token: idToken } = tokens
      await readIdToken(idToken, { issuer, clientId, jwks, alg: 'PS256', accessToken, nonce, now: suite.now(), asked })
    } else assert.equal(tokens.id_token, undefined)
    return tokens
  }

  /** A whole flow. */
  const obtainTokens = async (
    changes: Fields = {},
    { wish = {}, asked = [] }: { wish?: Wish; asked?: readonly string[] } = {},
  ): Promise<TokenAnswer> => {
    const nonce = isOpenid(combination) ? newJti() : undefined
    const all = { nonce, ...changes }
    return await readAnswer(await redeem(await obtainCode(all, wish), wish), all.nonce, asked)
  }

  const refresh = (refreshToken: string, wish: Wish = {}): Promise<Answer> =>
    token({ grant_type: 'refresh_token', refresh_token: refreshToken }, wish)

  /** UserInfo as the resource. */
  const userinfo = (accessToken: string, wish: Wish = {}): Promise<Answer> => {
    const method = wish.method ?? 'GET'
    const url = addressOf('userinfo_endpoint')
    const headers = {
      authorization: `${isDpop(combination) ? 'DPoP' : 'Bearer'} ${accessToken}`,
      ...proofHeader(wish, { method, url, accessToken }),
      ...wish.headers,
    }
    const called = wish.query === undefined ? url : `${url}?${wish.query}`
    return server.request(method, called, { headers: withoutUndefined(headers), ...certificateOf(wish) })
  }

  /** Whether a resource server that asks by introspection would serve the token. */
  const isActive = async (accessToken: string): Promise<boolean> => {
    const { client_id: id, client_secret: secret = '' } = suite.resourceServer
    const answer = await server.request('POST', String(metadata.introspection_endpoint), {
      form: { token: accessToken },
      headers: { authorization: clientBasic(id, secret) },
    })
    const { active, cnf } = answer.json<{ active: boolean; cnf?: Record<string, string> }>()
    if (active) assert.equal(cnf?.jkt ?? cnf?.['x5t#S256'], isDpop(combination) ? proofKey.jkt : cnf?.['x5t#S256'])
    return active
  }

  /** Whether the token opens its resource. */
  const isServed = async (accessToken: string): Promise<boolean> =>
    isOpenid(combination) ? (await userinfo(accessToken)).status === 200 : await isActive(accessToken)

  return {
    clientId,
    redirectUri: registered.redirect_uris[0] ?? '',
    get proofKey() {
      return proofKey
    },
    /** As a client does that lost its key. */
    changeProofKey(): void {
      proofKey = createProofKey('ES256')
    },
    addressOf,
    parametersWith,
    push,
    pushed,
    visit,
    authorize,
    codeFrom,
    obtainCode,
    token,
    redeem,
    readAnswer,
    obtainTokens,
    refresh,
    userinfo,
    isServed,
    /** A right proof for UserInfo, to be sent in some other way. */
    userinfoProof: (accessToken: string): string => {
      const target = { method: 'GET', url: addressOf('userinfo_endpoint'), accessToken }
      return proofHeader({}, target).dpop ?? ''
    },
  }
}

export type Fapi2Client = ReturnType<typeof createFapi2Client>
