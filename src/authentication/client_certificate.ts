/** RFC 8705 §2.1 – signing in with a TLS client certificate: a valid path to a CA of the configuration, then one user of that name. */
import { X509Certificate } from 'node:crypto'
import { keysOfCertificate, thumbprintOf } from '../oauth/certificate_identity.ts'
import type { PresentedCertificate } from '../oauth/presented_certificate.ts'
import type { RequestFacts } from '../storage/audit_events.ts'
import type { Realm } from '../storage/realm_directory.ts'
import type { Clock } from '../system/clock.ts'
import type { Log } from '../system/log.ts'
import { createPathValidation, type Verdict } from './certificate_path.ts'
import type { Proof } from './first_factor.ts'
import { createRevocation } from './revocation.ts'

type Trust = { pem: { client_ca: string }; tls_params: { client_crl?: string | undefined } }

export type ClientCertificateDeps = {
  config: Trust
  clock: Clock
  log: Log
}

/** RFC 8176 §2 – `swk`: a key was proved, and nobody can tell from here that hardware keeps it. */
const AMR = ['swk']

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

const refused = (reason: string): Proof => ({ isProved: false, user: undefined, reason })

export const createClientCertificateAuthentication = ({ config, clock, log }: ClientCertificateDeps) => {
  let trust = config
  let known: ((certificate: PresentedCertificate) => Verdict) | undefined

  /** Made with the first certificate that is shown. */
  const prepare = () => {
    const authorities = (trust.pem.client_ca.match(PEM) ?? []).map((pem) => new X509Certificate(pem))
    const findPath = createPathValidation(authorities)
    const findRevoked = createRevocation(trust.tls_params.client_crl, authorities, { clock, log })
    return (certificate: PresentedCertificate): Verdict => {
      const verdict = findPath(certificate, clock.now())
      const problem = verdict.path && findRevoked(verdict.path)
      return problem ? { problem } : verdict
    }
  }

  /** The path to a CA of the configuration at this moment, or why there is none. */
  const validate = (certificate: PresentedCertificate): Verdict => {
    known ??= prepare()
    return known(certificate)
  }

  return {
    validate,

    /** The authorities and revocation lists from now on. */
    trust(other: Trust): void {
      trust = other
      known = undefined
    },

    /** T-MT-02 – exactly one user, by the one field that the realm goes by. */
    async prove(
      realm: Pick<Realm, 'settings' | 'store'>,
      { certificate }: { certificate: PresentedCertificate },
      _facts: RequestFacts,
    ): Promise<Proof> {
      const params = realm.settings.auth_params.client_certificate_params
      if (!params) return refused('method_off')
      const { path, problem } = validate(certificate)
      if (!path) return refused(problem)
      const keys = keysOfCertificate(params.subject_from, path[0].fields, thumbprintOf(certificate.der))
      if (keys.length === 0) return refused('certificate_without_name')
      const users = await realm.store.users.findByCertificateKeys(keys)
      const [user] = users
      if (!user) return refused('unknown_user')
      if (users.length > 1) return refused('certificate_of_several_users')
      if (!user.enabled) return { isProved: false, user, reason: 'disabled' }
      return { isProved: true, user, amr: AMR, isPasswordExpired: false }
    },
  }
}
