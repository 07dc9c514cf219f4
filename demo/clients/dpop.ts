/** RFC 9449 – a public client whose tokens are bound to a key of its own: node demo/clients/dpop.ts ISSUER CLIENT_ID REDIRECT_URI */
import * as openid from 'openid-client'
import { signIn, tryTokens } from './sign_in.ts'

const [issuer = '', clientId = '', redirectUri = ''] = process.argv.slice(2)

const config = await openid.discovery(new URL(issuer), clientId, undefined, openid.None())
const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
const tokens = await signIn(config, { redirectUri, scope: 'openid email offline_access', DPoP })
await tryTokens(config, tokens, DPoP)
