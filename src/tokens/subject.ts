/**
 * OpenID Connect Core §8 – by which names a client knows a person and the person's session: those of the account, or, for a
 * client with pairwise subjects, names that are good in its sector alone, so that two sectors cannot tell whether they know the same.
 */
import { createRealmSecret, type RealmSecretDeps } from '../keys/realm_secret.ts'
import { createSealing } from '../keys/sealing.ts'
import type { Client } from '../oauth/client_metadata.ts'
import { OAuthError } from '../oauth/errors.ts'
import { sectorOf } from '../oauth/sector.ts'
import type { Realm } from '../storage/realm_directory.ts'
import { hmacSha256 } from '../system/hashing.ts'
import type { AccessTokenClaims } from './claims.ts'

export type SubjectDeps = RealmSecretDeps

export const hasPairwiseSubjects = ({ metadata }: Pick<Client, 'metadata'>): boolean =>
  metadata.subject_type === 'pairwise'

const PLACE = ['access token', 'user']

export const createSubjects = (deps: SubjectDeps) => {
  const secretOf = createRealmSecret(deps, 'pairwise')

  /** Core §8.1 – the same for the same sector every time, and for nobody without the realm's secret the way back. */
  const pairwise = async (realm: Realm, client: Client, kind: 'sub' | 'sid', name: string): Promise<string> => {
    const sector = sectorOf(client.metadata)
    // Registration lets nobody in without: rather no answer than the name of another sector.
    if (sector === undefined) throw new OAuthError('server_error', 'The client belongs to no sector')
    return hmacSha256(await secretOf(realm), JSON.stringify([kind, sector, name]))
  }

  /** A key for every token: random nonces under one key would wear it out. */
  const sealingFor = async (realm: Realm, jti: string) => {
    const encryption_key = hmacSha256(await secretOf(realm), JSON.stringify(['token', jti]))
    return createSealing({ config: { secrets_params: { encryption_key } }, random: deps.random })
  }

  const openUser = async (realm: Realm, jti: string, sealed: string): Promise<string | undefined> =>
    (await sealingFor(realm, jti)).open(sealed, PLACE)?.text

  return {
    /** What the client gets as `sub`. Synchronous for public subjects. */
    subjectOf: (realm: Realm, client: Client, userId: string): string | Promise<string> =>
      hasPairwiseSubjects(client) ? pairwise(realm, client, 'sub', userId) : userId,

    /** Core §17.3 – what the client gets as `sid`: one that all clients know would tell as much as one `sub`. */
    sessionNameOf: (realm: Realm, client: Client, sessionId: string): string | Promise<string> =>
      hasPairwiseSubjects(client) ? pairwise(realm, client, 'sid', sessionId) : sessionId,

    /** For an access token whose subject says nothing to this server; undefined where it does. */
    async sealUser(realm: Realm, client: Client, token: { jti: string; userId: string }): Promise<string | undefined> {
      if (!hasPairwiseSubjects(client)) return undefined
      return (await sealingFor(realm, token.jti)).seal(token.userId, PLACE)
    },

    /** Whom an access token of this realm, whose signature is right, is about: a user's id, or the client's. */
    userIdOf: (
      realm: Realm,
      { sub, jti, sealed_user: sealed }: AccessTokenClaims,
    ): string | Promise<string | undefined> => (sealed === undefined ? sub : openUser(realm, jti, sealed)),
  }
}

export type Subjects = ReturnType<typeof createSubjects>
