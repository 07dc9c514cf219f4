/** FAPI 2.0 – PAR, private_key_jwt and DPoP: node demo/clients/fapi.ts ISSUER CLIENT_ID REDIRECT_URI KEY_FILE, the key being EC P-256 */
import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as openid from 'openid-client'
import { signIn, tryTokens } from './sign_in.ts'

const [issuer = '', clientId = '', redirectUri = '', keyFile = ''] = process.argv.slice(2)

const key = createPrivateKey(readFileSync(keyFile)).toCryptoKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
const metadata = { id_token_signed_response_alg: 'ES256' }
const config = await openid.discovery(new URL(issuer), clientId, metadata, openid.PrivateKeyJwt(key))
openid.enableNonRepudiationChecks(config)
const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
const tokens = await signIn(config, { redirectUri, scope: 'openid email offline_access', DPoP, pushes: true })
await tryTokens(config, tokens, DPoP)
