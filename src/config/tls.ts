/** The key pairs and certificates of the configuration: read, checked against each other, and ready for the listeners. */
import { createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { Milliseconds } from '../system/clock.ts'
import { checkAnchors, checkChain, hasIssued } from './certificate_chain.ts'
import { checkCipherSuites } from './cipher_suites.ts'
import * as pem from './pem.ts'
import type { KeyPath, Report } from './report.ts'
import { MAX_LIST_FILE_BYTES, readRevocationLists } from './revocation_lists.ts'
import type { Config } from './schema.ts'
import type { Draft } from './shape.ts'

const KEY = ['tls_params', 'server_private_key'] as const
const CERTIFICATE = ['tls_params', 'server_certificate'] as const
const SERVER_CA = ['tls_params', 'server_ca_chain'] as const
const CLIENT_CA = ['tls_params', 'client_ca_cert_chain'] as const
const CLIENT_CRL = ['tls_params', 'client_crl'] as const
const SUITES = ['tls_params', 'tls_cipher_suites'] as const
const JWT_PRIVATE_KEY = ['session_jwt_params', 'jwt_ec_private_key'] as const
const JWT_PUBLIC_KEY = ['session_jwt_params', 'jwt_ec_public_key'] as const

type Facts = { draft: Draft; now: Milliseconds; isProduction: boolean }

const readAnchors = (file: string | undefined, path: KeyPath, { now }: Facts, report: Report) => {
  const anchors = file === undefined ? undefined : pem.readCertificates(file, path, report)
  if (anchors) checkAnchors(anchors, path, now, report)
  return anchors
}

const readChain = (file: string | undefined, key: KeyObject | undefined, { now }: Facts, report: Report) => {
  const chain = file === undefined ? undefined : pem.readCertificates(file, CERTIFICATE, report)
  if (chain) checkChain(chain, { path: CERTIFICATE, key, now }, report)
  return chain
}

/** Clients would trust no such server; but the anchor may be one that is known to them in another way. */
const warnOfStrangeAnchors = (chain: X509Certificate[], anchors: X509Certificate[], report: Report): void => {
  const last = chain.at(-1)
  const isAnchored = anchors.some(
    (anchor) => last !== undefined && (anchor.fingerprint256 === last.fingerprint256 || hasIssued(anchor, last)),
  )
  if (!isAnchored) report.warn(SERVER_CA, 'no certificate there has issued the last one of server_certificate')
}

const REVOCATION_LISTS = `revocation lists in PEM or DER, of at most ${MAX_LIST_FILE_BYTES} bytes`

/** A list that is over is no reason not to start: nobody signs in with a certificate until there is a new one. */
const checkRevocationLists = (
  file: string | undefined,
  authorities: readonly X509Certificate[] | undefined,
  { now }: Facts,
  report: Report,
): void => {
  if (file === undefined || !authorities) return
  const lists = readRevocationLists(file, authorities)
  if ('found' in lists) {
    report.problem(CLIENT_CRL, `${lists.found}${report.aside(CLIENT_CRL)}`, REVOCATION_LISTS)
    return
  }
  for (const list of lists)
    if (list.nextUpdate <= now)
      report.warn(CLIENT_CRL, `a list that should have been replaced on ${new Date(list.nextUpdate).toISOString()}`)
}

type SessionKeys = { privateKey: KeyObject; publicKey: KeyObject }

/** RFC 7518 §3.4 – ES256 needs P-256. */
const sessionKeysOfTls = (key: KeyObject | undefined, report: Report): SessionKeys | undefined => {
  if (!key) return undefined
  if (pem.isP256(key)) return { privateKey: key, publicKey: createPublicKey(key) }
  const reason = `because tls_params.server_private_key is ${pem.describeKey(key)} and session JWTs need EC P-256`
  report.problem(['session_jwt_params'], 'nothing', `a table with jwt_ec_private_key and jwt_ec_public_key, ${reason}`)
  return undefined
}

const readSessionKeys = (facts: Facts, tlsKey: KeyObject | undefined, report: Report): SessionKeys | undefined => {
  const params = facts.draft.session_jwt_params
  if (!params) return sessionKeysOfTls(tlsKey, report)
  const { jwt_ec_private_key: privateFile, jwt_ec_public_key: publicFile } = params
  const privateKey =
    privateFile && pem.readPrivateKey(privateFile, JWT_PRIVATE_KEY, pem.SESSION_PRIVATE_KEY, facts.isProduction, report)
  const publicKey = publicFile && pem.readKey(publicFile, JWT_PUBLIC_KEY, pem.SESSION_PUBLIC_KEY, report)?.key
  if (!privateKey || !publicKey) return undefined
  if (createPublicKey(privateKey).equals(publicKey)) return { privateKey, publicKey }
  report.problem(JWT_PUBLIC_KEY, 'the public key of another pair', 'the one that belongs to jwt_ec_private_key')
  return undefined
}

/** What the TLS library itself says to all of it together. */
const tryContext = (tls: Config['tls'], key: string, cert: string, ca: string, report: Report): void => {
  if (report.isBroken(['tls_params'])) return
  try {
    createSecureContext({ ...tls, key, cert, ca })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    report.problem(
      ['tls_params'],
      `settings that the TLS library refuses (${code})`,
      'a usable key, certificate and suites',
    )
  }
}

/** Reports every problem of the files; `pem` is there only when all of them can be used. */
export const checkTls = (facts: Facts, report: Report) => {
  const params = facts.draft.tls_params ?? {}
  const key =
    params.server_private_key === undefined
      ? undefined
      : pem.readPrivateKey(params.server_private_key, KEY, pem.TLS_KEY, facts.isProduction, report)
  const chain = readChain(params.server_certificate, key, facts, report)
  const serverCa = readAnchors(params.server_ca_chain, SERVER_CA, facts, report)
  // Even at a wrong place, so that its names are not missed as well.
  const leaf = chain?.find((certificate) => key && certificate.checkPrivateKey(key)) ?? chain?.[0]
  const clientCa = readAnchors(params.client_ca_cert_chain, CLIENT_CA, facts, report) ?? serverCa
  checkRevocationLists(params.client_crl, clientCa, facts, report)
  const sessionKeys = readSessionKeys(facts, key, report)
  const tls = checkCipherSuites(params.tls_cipher_suites, SUITES, report)
  if (chain && serverCa) warnOfStrangeAnchors(chain, serverCa, report)
  const certificates = [
    { path: CERTIFICATE, certificates: chain ?? [] },
    { path: SERVER_CA, certificates: serverCa ?? [] },
    { path: CLIENT_CA, certificates: params.client_ca_cert_chain === undefined ? [] : (clientCa ?? []) },
  ]
  if (!key || !chain || !clientCa || !sessionKeys) return { tls, leaf, certificates, pem: undefined }
  const files: Config['pem'] = {
    server_private_key: pem.toPrivatePem(key),
    server_certificate: pem.toPem(chain),
    client_ca: pem.toPem(clientCa),
    session_jwt_private_key: pem.toPrivatePem(sessionKeys.privateKey),
    session_jwt_public_key: pem.toPublicPem(sessionKeys.publicKey),
  }
  tryContext(tls, files.server_private_key, files.server_certificate, files.client_ca, report)
  return { tls, leaf, certificates, pem: files }
}
