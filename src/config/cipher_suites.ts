/** What the listeners offer. RFC 9325 §4.2 (suites), RFC 8446 §B.4 (the names of TLS 1.3). */
import { getCiphers } from 'node:tls'
import { nearest } from './nearest.ts'
import type { KeyPath, Report } from './report.ts'
import type { Config } from './schema.ts'

const TLS_1_3 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']

/** RFC 9325 §4.2 – the suites recommended for TLS 1.2. */
const TLS_1_2 = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
]

const isTls13 = (name: string): boolean => name.startsWith('TLS_')

/** Forward secrecy and authenticated encryption. */
const isStrong = (name: string): boolean => isTls13(name) || /^(EC)?DHE-(ECDSA|RSA)-.*(GCM|POLY1305)/.test(name)

const known = getCiphers().map((name) => name.toUpperCase())

const parse = (list: string, path: KeyPath, report: Report): string[] =>
  list.split(':').flatMap((entry) => {
    const name = entry.trim().toUpperCase()
    if (known.includes(name)) return [name]
    const guess = nearest(name, known)
    const shown = /^[A-Za-z0-9_-]{1,64}$/.test(entry) ? JSON.stringify(entry) : 'a name with other characters'
    const expected = 'names of cipher suites, separated by colons'
    report.problem(path, `${shown}, which is not known`, guess ? `${expected}; did you mean ${guess}?` : expected)
    return []
  })

export const checkCipherSuites = (list: string | undefined, path: KeyPath, report: Report): Config['tls'] => {
  const names = list === undefined ? [...TLS_1_3, ...TLS_1_2] : parse(list, path, report)
  const weak = names.filter((name) => !isStrong(name))
  if (weak.length > 0)
    report.warn(path, `${weak.join(', ')}: without forward secrecy or authenticated encryption (RFC 9325 §4.2)`)
  return { minVersion: names.every(isTls13) ? 'TLSv1.3' : 'TLSv1.2', ciphers: names.join(':') }
}
