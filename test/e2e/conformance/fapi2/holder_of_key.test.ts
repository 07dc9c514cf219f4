/** FAPI 2.0 Security Profile Final – discovery, TLS as the suite probes it, and requests without a key. */
import assert from 'node:assert/strict'
import { connect, type SecureVersion } from 'node:tls'
import { type Combination, isAssertion, isDpop, isOpenid } from '../../../support/conformance/combinations.ts'
import { discoveryProblems } from '../../../support/conformance/discovery.ts'
import { fapi2Modules, isRefused } from '../../../support/conformance/fapi2_modules.ts'

type Offer = { minVersion: SecureVersion; maxVersion: SecureVersion; ciphers?: string }

/** RFC 9325 §4.2 – what IANA recommends of TLS 1.2, by the names of OpenSSL. */
const RECOMMENDED = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES256-GCM-SHA384',
]

/** Protocol and suite; undefined where the server refuses. */
const shake = (url: string, ca: string, offer: Offer): Promise<string[] | undefined> =>
  new Promise((resolve) => {
    const { port } = new URL(url)
    const socket = connect({ host: '127.0.0.1', port: Number(port), servername: 'localhost', ca, ...offer }, () => {
      resolve([socket.getProtocol() ?? '', socket.getCipher().name])
      socket.destroy()
    })
    socket.once('error', () => resolve(undefined))
  })

const FAPI_ALGS = ['PS256', 'ES256', 'EdDSA', 'Ed25519']

const ALGORITHMS = [
  'token_endpoint_auth_signing_alg_values_supported',
  'id_token_signing_alg_values_supported',
  'request_object_signing_alg_values_supported',
  'authorization_signing_alg_values_supported',
  'dpop_signing_alg_values_supported',
]

const codesWithoutKey = (combination: Combination): string[] => {
  if (!isAssertion(combination)) return ['invalid_client', 'invalid_request']
  return isDpop(combination)
    ? ['invalid_request', 'invalid_grant', 'invalid_dpop_proof']
    : ['invalid_client', 'invalid_grant', 'invalid_request']
}

fapi2Modules('FAPI 2.0 §5.3.2.1 – the server and its keys', (module) => {
  module('fapi2-security-profile-final-discovery-end-point-verification', async ({ suite, combination }) => {
    const { metadata } = suite
    assert.deepEqual(discoveryProblems(metadata), [])
    const list = (name: string): string[] => metadata[name] as string[]
    assert.ok(list('response_types_supported').includes('code'))
    assert.ok(list('code_challenge_methods_supported').includes('S256'))
    const method = isAssertion(combination) ? 'private_key_jwt' : 'tls_client_auth'
    assert.ok(list('token_endpoint_auth_methods_supported').includes(method))
    assert.ok(list('grant_types_supported').includes('authorization_code'))
    for (const name of ALGORITHMS)
      assert.ok(
        list(name).some((alg) => FAPI_ALGS.includes(alg)),
        name,
      )
    assert.equal(metadata.authorization_response_iss_parameter_supported, true)
    assert.equal(typeof metadata.require_pushed_authorization_requests, 'boolean')
    assert.match(String(metadata.pushed_authorization_request_endpoint), /^https:/)
    assert.equal(metadata.tls_client_certificate_bound_access_tokens, true)
    assert.ok(list('response_modes_supported').includes('jwt'))
    if (isOpenid(combination)) assert.ok(list('scopes_supported').includes('openid'))
    for (const [name, url] of Object.entries(metadata.mtls_endpoint_aliases)) {
      assert.match(name, /_endpoint$/)
      assert.notEqual(name, 'authorization_endpoint')
      assert.ok(name in metadata && url.startsWith('https://'), name)
    }
  })

  module('fapi2-security-profile-final-ensure-holder-of-key-required', async ({ suite, combination, one }) => {
    const answer = await one.redeem(await one.obtainCode(), { proof: false, certificate: false })
    isRefused(answer, [400, 401], codesWithoutKey(combination))
    // Shown with a proof, where a certificate would have shown who it is.
    if (!isAssertion(combination))
      isRefused(await one.redeem(await one.obtainCode(), { certificate: false }), [400, 401], 'invalid_client')
    const { ca } = suite.server
    const endpoints = ['authorization_endpoint', 'userinfo_endpoint', 'token_endpoint']
    for (const url of new Set(endpoints.map((name) => new URL(one.addressOf(name)).origin))) {
      const agreed = (offer: Offer) => shake(url, ca, offer)
      for (const version of ['TLSv1', 'TLSv1.1'] as const) {
        const offer = { minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' }
        assert.equal(await agreed(offer), undefined, version)
      }
      assert.equal((await agreed({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' }))?.[0], 'TLSv1.3')
      const older = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const
      assert.ok(RECOMMENDED.includes((await agreed(older))?.[1] ?? ''))
      for (const ciphers of [
        'ECDHE+CHACHA20',
        'ECDHE+AESCCM',
        'ECDHE+AES+SHA256:ECDHE+AES+SHA1',
        'DHE+AESGCM',
        'RSA+AESGCM',
      ])
        assert.equal(await agreed({ ...older, ciphers }), undefined, ciphers)
    }
  })
})
