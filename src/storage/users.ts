/** The people and machines of a realm. */
import type { Kysely } from 'kysely'
import { type CertificateName, keyOfCertificateName } from '../oauth/certificate_identity.ts'
import { OAuthError } from '../oauth/errors.ts'
import { sha256 } from '../system/hashing.ts'
import { isDuplicateKey } from './database.ts'
import { fromFlag, isOne, type Page, parseJson, toFlag, toPage } from './rows.ts'
import type { Schema, UsersTable } from './schema.ts'

/** How a client certificate names this user: exactly one member. */
export type UserCertificate = CertificateName

/** Who a user is at an identity provider. */
export type Identity = { issuer: string; subject: string }

export type User = {
  realmId: string
  /** The stable, opaque `sub`; never the username. */
  id: string
  username: string
  /** A PHC string; undefined when the user has no password. */
  passwordHash: string | undefined
  passwordChangedAt: number | undefined
  changePassword: boolean
  enabled: boolean
  roles: string[]
  groups: string[]
  /** OpenID Connect Core §5.1 – standard claims by their wire names. */
  claims: Record<string, unknown>
  identities: Identity[]
  certificate: UserCertificate | undefined
  createdAt: number
  updatedAt: number
}

/** What uniqueness and lookup go by, so that two spellings that look alike are one name: NFKC, then case folded. */
export const canonicalUsername = (username: string): string =>
  username.normalize('NFKC').toLowerCase().normalize('NFKC')

const toUser = (row: UsersTable): User => ({
  realmId: row.realm_id,
  id: row.id,
  username: row.username,
  passwordHash: row.password_hash ?? undefined,
  passwordChangedAt: row.password_changed_at ?? undefined,
  changePassword: fromFlag(row.change_password),
  enabled: fromFlag(row.enabled),
  roles: parseJson(row.roles),
  groups: parseJson(row.groups),
  claims: parseJson(row.claims),
  identities: parseJson(row.identities),
  certificate: row.certificate === null ? undefined : parseJson(row.certificate),
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

const toRow = (user: User): UsersTable => ({
  realm_id: user.realmId,
  id: user.id,
  username: user.username,
  canonical_username: canonicalUsername(user.username),
  password_hash: user.passwordHash ?? null,
  password_changed_at: user.passwordChangedAt ?? null,
  change_password: toFlag(user.changePassword),
  enabled: toFlag(user.enabled),
  roles: JSON.stringify(user.roles),
  groups: JSON.stringify(user.groups),
  claims: JSON.stringify(user.claims),
  identities: JSON.stringify(user.identities),
  certificate: user.certificate === undefined ? null : JSON.stringify(user.certificate),
  created_at: user.createdAt,
  updated_at: user.updatedAt,
})

const identityHash = ({ issuer, subject }: Identity): string => sha256(JSON.stringify([issuer, subject]))

export const createUsers = (db: Kysely<Schema>, realmId: string) => {
  const inRealm = () => db.selectFrom('users').selectAll().where('realm_id', '=', realmId)
  const withPassword = (user: Pick<User, 'id' | 'passwordHash'>) =>
    db
      .updateTable('users')
      .where('realm_id', '=', realmId)
      .where('id', '=', user.id)
      .where('password_hash', user.passwordHash === undefined ? 'is' : '=', user.passwordHash ?? null)
  const insertIdentities = async (user: User): Promise<void> => {
    if (user.identities.length === 0) return
    const rows = user.identities.map((identity) => ({
      realm_id: realmId,
      identity_hash: identityHash(identity),
      user_id: user.id,
    }))
    try {
      await db.insertInto('user_identities').values(rows).execute()
    } catch (error) {
      if (!isDuplicateKey(error)) throw error
      throw new OAuthError('conflict', 'An identity belongs to another user')
    }
  }
  /** A name that no certificate can have is nobody's. */
  const insertCertificate = async (user: User): Promise<void> => {
    const key = user.certificate && keyOfCertificateName(user.certificate)
    if (key === undefined) return
    try {
      await db
        .insertInto('user_certificates')
        .values({ realm_id: realmId, certificate_key: key, user_id: user.id })
        .execute()
    } catch (error) {
      if (!isDuplicateKey(error)) throw error
      throw new OAuthError('conflict', 'The certificate belongs to another user')
    }
  }
  return {
    /** By `sub`. */
    async find(id: string): Promise<User | undefined> {
      const row = await inRealm().where('id', '=', id).executeTakeFirst()
      return row && toUser(row)
    },

    async findByUsername(username: string): Promise<User | undefined> {
      const row = await inRealm().where('canonical_username', '=', canonicalUsername(username)).executeTakeFirst()
      return row && toUser(row)
    },

    async findByIdentity(identity: Identity): Promise<User | undefined> {
      const row = await db
        .selectFrom('users')
        .innerJoin('user_identities', (join) =>
          join
            .onRef('user_identities.realm_id', '=', 'users.realm_id')
            .onRef('user_identities.user_id', '=', 'users.id'),
        )
        .selectAll('users')
        .where('user_identities.realm_id', '=', realmId)
        .where('user_identities.identity_hash', '=', identityHash(identity))
        .executeTakeFirst()
      return row && toUser(row)
    },

    /** Everybody whom one of the keys names: more than one where a certificate has several names. */
    async findByCertificateKeys(keys: readonly string[]): Promise<User[]> {
      const rows = await inRealm()
        .where('id', 'in', (query) =>
          query
            .selectFrom('user_certificates')
            .select('user_id')
            .where('realm_id', '=', realmId)
            .where('certificate_key', 'in', keys),
        )
        .execute()
      return rows.map(toUser)
    },

    /** In order of canonical username, from after `after`. */
    async list(page: { after?: string | undefined; limit: number }): Promise<Page<User>> {
      const rows = await inRealm()
        .where('canonical_username', '>', page.after ?? '')
        .orderBy('canonical_username')
        .limit(page.limit + 1)
        .execute()
      return toPage(rows.map(toUser), page.limit, (user) => canonicalUsername(user.username))
    },

    /** True when at least one enabled user of the realm, other than `except`, has the role. */
    async hasAnyWithRole(role: string, { except }: { except?: string } = {}): Promise<boolean> {
      const rows = await db
        .selectFrom('users')
        .select(['id', 'roles'])
        .where('realm_id', '=', realmId)
        .where('enabled', '=', 1)
        .execute()
      return rows.some((row) => row.id !== except && parseJson<string[]>(row.roles).includes(role))
    },

    /** Throws a duplicate-key error when the username is taken, and conflict when an identity or the certificate is. */
    async insert(user: User): Promise<void> {
      await db
        .insertInto('users')
        .values({ ...toRow(user), realm_id: realmId })
        .execute()
      await insertIdentities(user)
      await insertCertificate(user)
    },

    /**
     * The user as it shall be, but for the password, which only replacePassword changes; false when it is gone. Throws
     * conflict when an identity or the certificate belongs to another user. Call it in a transaction.
     */
    async update(user: User): Promise<boolean> {
      const { realm_id: _realm, id: _id, created_at: _created, ...row } = toRow(user)
      const { password_hash: _hash, password_changed_at: _changed, ...changes } = row
      const result = await db
        .updateTable('users')
        .set(changes)
        .where('realm_id', '=', realmId)
        .where('id', '=', user.id)
        .executeTakeFirstOrThrow()
      if (!isOne(result.numUpdatedRows)) return false
      await db.deleteFrom('user_identities').where('realm_id', '=', realmId).where('user_id', '=', user.id).execute()
      await insertIdentities(user)
      await db.deleteFrom('user_certificates').where('realm_id', '=', realmId).where('user_id', '=', user.id).execute()
      await insertCertificate(user)
      return true
    },

    /**
     * Only while the hash is still the one that was checked, so that of two changes at the same time one is refused; false
     * then, and when the user is gone.
     */
    async replacePassword(
      user: Pick<User, 'id' | 'passwordHash'>,
      changes: { passwordHash: string; passwordChangedAt: number; changePassword: boolean },
    ): Promise<boolean> {
      const result = await withPassword(user)
        .set({
          password_hash: changes.passwordHash,
          password_changed_at: changes.passwordChangedAt,
          change_password: toFlag(changes.changePassword),
          updated_at: changes.passwordChangedAt,
        })
        .executeTakeFirstOrThrow()
      return isOne(result.numUpdatedRows)
    },

    /** The same password hashed at another cost; false when it is not the user's any more. */
    async rehashPassword(user: Pick<User, 'id' | 'passwordHash'>, passwordHash: string): Promise<boolean> {
      const result = await withPassword(user).set({ password_hash: passwordHash }).executeTakeFirstOrThrow()
      return isOne(result.numUpdatedRows)
    },

    async delete(id: string): Promise<boolean> {
      const result = await db
        .deleteFrom('users')
        .where('realm_id', '=', realmId)
        .where('id', '=', id)
        .executeTakeFirstOrThrow()
      return isOne(result.numDeletedRows)
    },
  }
}

export type Users = ReturnType<typeof createUsers>
