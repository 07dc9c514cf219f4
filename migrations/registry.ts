/** Every change of the schema, in the order of running. New ones go to the end of their list. */
import { realms } from './0001_realms.ts'
import { sessions } from './0001_sessions.ts'
import { users } from './0002_users.ts'
import { clients } from './0003_clients.ts'
import { authorization } from './0004_authorization.ts'
import { tokens } from './0005_tokens.ts'
import { signingKeys } from './0006_signing_keys.ts'
import { auditEvents } from './0007_audit_events.ts'
import { totp } from './0008_totp.ts'
import { upstream } from './0009_upstream.ts'
import { certificates } from './0010_certificates.ts'
import { realmSecrets } from './0011_realm_secrets.ts'
import { logout } from './0013_logout.ts'
import { consentDetails } from './0016_consent_details.ts'
import { clientSecrets } from './0018_client_secrets.ts'
import { resources } from './0020_resources.ts'
import { consentResources } from './0021_consent_resources.ts'
import { signingKeyLife } from './0040_signing_key_life.ts'
import { auditChain } from './0045_audit_chain.ts'
import { auditAge } from './0046_audit_age.ts'
import { apiKeys } from './0050_api_keys.ts'
import type { Migration } from './migration.ts'

export const primary: readonly Migration[] = [
  realms,
  users,
  clients,
  authorization,
  tokens,
  signingKeys,
  auditEvents,
  totp,
  upstream,
  certificates,
  realmSecrets,
  logout,
  consentDetails,
  clientSecrets,
  resources,
  consentResources,
  signingKeyLife,
  auditChain,
  auditAge,
  apiKeys,
]

/** The session store may be another database than the rest. */
const sessionsSet: readonly Migration[] = [sessions]

export { sessionsSet as sessions }
