/** Where the form "Sign in with a certificate" of the login page leads. */
import type { Config } from '../../config/schema.ts'
import { addressOf, type Opened } from './opened.ts'

export type CertificateActionDeps = { config: Pick<Config, 'asks_for_certificate' | 'mtls_params'> }

/** On the port that asks for certificates; undefined where the server or the realm takes none. */
export const certificateActionOf = ({ config }: CertificateActionDeps, opened: Opened): string | undefined => {
  const { host_port: port } = config.mtls_params
  const isAsked = config.asks_for_certificate || port !== undefined
  if (!isAsked || !opened.realm.settings.auth_params.client_certificate_params) return undefined
  const action = new URL(`${addressOf(opened)}/certificate`)
  if (port !== undefined) action.port = String(port)
  return action.href
}
