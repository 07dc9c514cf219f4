/** What is fit for development only is refused in production: all of it at once. */
import type { X509Certificate } from 'node:crypto'
import { isDevelopmentCertificate } from './certificate_chain.ts'
import { hostOf, isLoopbackIssuer } from './issuer.ts'
import type { ProxyFacts } from './proxy.ts'
import type { KeyPath, Report } from './report.ts'
import type { Draft } from './shape.ts'
import type { StoreFacts } from './stores.ts'

export type GateFacts = {
  issuer: string | undefined
  certificates: readonly { path: KeyPath; certificates: readonly X509Certificate[] }[]
  stores: readonly StoreFacts[]
  proxy: ProxyFacts
}

/** Why the gate applies; undefined where it does not. */
const reasonOf = (draft: Draft, issuer: string | undefined): string | undefined => {
  if (draft.server_params?.production) return 'because server_params.production is true'
  if (issuer === undefined || isLoopbackIssuer(issuer)) return undefined
  return `because the issuer's host, ${hostOf(issuer)}, is not this machine alone`
}

const checkStore = ({ table, url }: StoreFacts, allowsPlaintext: boolean, reason: string, report: Report): void => {
  const path = [table, 'connection_url']
  if (url.file === ':memory:') report.problem(path, 'a database in memory', `one that outlives the process, ${reason}`)
  if (url.isRemote && !url.hasTls && !allowsPlaintext)
    report.problem(
      path,
      'another host without TLS',
      `TLS (sslmode=verify-full, ssl-mode=VERIFY_IDENTITY, rediss://) or database_params.allow_plaintext_database = true, ${reason}`,
    )
}

export const checkProduction = (draft: Draft, facts: GateFacts, report: Report): void => {
  const reason = reasonOf(draft, facts.issuer)
  if (reason === undefined) return
  if (draft.default_username !== undefined) report.problem(['default_username'], 'a value', `none, ${reason}`)
  for (const { path, certificates } of facts.certificates) {
    if (certificates.some(isDevelopmentCertificate))
      report.problem(path, 'a development certificate', `one of a certificate authority of your own, ${reason}`)
  }
  const allowsPlaintext = draft.database_params?.allow_plaintext_database ?? false
  for (const store of facts.stores) checkStore(store, allowsPlaintext, reason, report)
  if (facts.proxy.sendsPasswordInClear)
    report.problem(['proxy_params', 'url'], 'credentials sent over http to another host', `https, ${reason}`)
  // T-OP-02 – a copy of the database alone must sign nothing.
  const { encryption_key: key, encryption_key_file: keyFile } = draft.secrets_params ?? {}
  if (key === undefined && keyFile === undefined)
    report.problem(
      ['secrets_params', 'encryption_key'],
      'nothing',
      `a key that signing keys are sealed with, ${reason}`,
    )
}
