/** OpenID Connect Back-Channel Logout 1.0 §2.4 – what tells a client, under our signature, that a session is over. */
import type { KeyProvider } from '../keys/key_provider.ts'
import type { Client } from '../oauth/client_metadata.ts'
import type { LogoutDelivery } from '../storage/logout_deliveries.ts'
import type { Realm } from '../storage/realm_directory.ts'
import { type Clock, toSeconds } from '../system/clock.ts'
import type { Random } from '../system/random.ts'
import { createEncrypt, type EncryptDeps } from '../tokens/encrypt.ts'
import { idTokenAlg } from '../tokens/id_token.ts'
import { signJwt } from '../tokens/jwt.ts'
import type { Subjects } from '../tokens/subject.ts'

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/** Back-Channel Logout §4 – at most two minutes, so that a stolen one is soon worth nothing. */
const TTL_SECONDS = 120

export type LogoutTokenDeps = EncryptDeps & {
  keys: Pick<KeyProvider, 'signer'>
  subjects: Pick<Subjects, 'subjectOf'>
  clock: Clock
  random: Random
}

/** Throws invalid_request for a client that nothing can be encrypted to. */
export const createMakeLogoutToken = (deps: LogoutTokenDeps) => {
  const { keys, subjects, clock, random } = deps
  const encrypt = createEncrypt(deps)
  return async (realm: Realm, client: Client, delivery: Pick<LogoutDelivery, 'userId' | 'sid'>): Promise<string> => {
    // Back-Channel Logout §2.4 – signed as ID tokens are.
    const signer = await keys.signer(realm, idTokenAlg(client))
    const iat = toSeconds(clock.now())
    const signed = await signJwt(signer, 'logout+jwt', {
      iss: realm.issuer,
      sub: await subjects.subjectOf(realm, client, delivery.userId),
      aud: client.clientId,
      iat,
      exp: iat + TTL_SECONDS,
      // A fresh one for each attempt: a client that remembers them would refuse what is only said again.
      jti: random.id(),
      sid: delivery.sid,
      // Back-Channel Logout §2.4 – one member, whose value is an empty object; and never a nonce.
      events: { [EVENT]: {} },
    })
    // Back-Channel Logout §2.4 – encrypted as ID tokens are, with the issuer in sight.
    return await encrypt(client, 'id_token', signed, { cty: 'JWT', iss: realm.issuer })
  }
}
