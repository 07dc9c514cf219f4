/** The roles that make a user of the administrators' realm an administrator. */
import { ADMINISTRATORS_REALM } from '../oauth/realm_settings.ts'

export const SUPER_ADMINISTRATOR = 'super_administrator'

const REALM_ADMINISTRATOR = 'realm_administrator:'

export type Rights = {
  /** Administers everything, the administrators included. */
  isSuper: boolean
  /** The realms of a realm administrator; a super administrator needs no list. */
  realms: string[]
}

export const realmAdministrator = (realmId: string): string => `${REALM_ADMINISTRATOR}${realmId}`

export const isAdministratorRole = (role: string): boolean =>
  role === SUPER_ADMINISTRATOR || role.startsWith(REALM_ADMINISTRATOR)

/** The administrators' realm is never among the realms: who could change roles there could take every right. */
export const rightsOf = (roles: string[]): Rights => ({
  isSuper: roles.includes(SUPER_ADMINISTRATOR),
  realms: roles
    .filter((role) => role.startsWith(REALM_ADMINISTRATOR))
    .map((role) => role.slice(REALM_ADMINISTRATOR.length))
    .filter((realmId) => realmId !== ADMINISTRATORS_REALM),
})
