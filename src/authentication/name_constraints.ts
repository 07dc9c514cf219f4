/** RFC 5280 §4.2.1.10 – the names that an authority may give. */
import ipaddr from 'ipaddr.js'
import type { CertificateFields, Names } from '../oauth/certificate_fields.ts'
import type { DistinguishedName, NameAttribute } from '../oauth/distinguished_name.ts'

const EMAIL_ADDRESS = '1.2.840.113549.1.9.1'

type Constraints = NonNullable<CertificateFields['nameConstraints']>

const isAtOrBelow = (host: string, domain: string): boolean => host === domain || host.endsWith(`.${domain}`)

/** A host alone, or with a dot before it everything below it. */
const matchesHost = (host: string, base: string): boolean =>
  base.startsWith('.') ? host.endsWith(base) : host === base

const matchesDns = (name: string, base: string): boolean =>
  base === '' || (base.startsWith('.') ? name.endsWith(base) : isAtOrBelow(name, base))

const matchesEmail = (address: string, base: string): boolean => {
  const at = address.lastIndexOf('@')
  const host = address.slice(at + 1).toLowerCase()
  if (!base.includes('@')) return matchesHost(host, base.toLowerCase())
  const baseAt = base.lastIndexOf('@')
  return address.slice(0, at) === base.slice(0, baseAt) && host === base.slice(baseAt + 1).toLowerCase()
}

const matchesUri = (uri: string, base: string): boolean => {
  const host = URL.parse(uri)?.hostname
  return host !== undefined && matchesHost(host.toLowerCase(), base)
}

const matchesIp = (address: string, range: string): boolean => {
  if (!ipaddr.isValid(address) || !ipaddr.isValidCIDR(range)) return false
  const [base, bits] = ipaddr.parseCIDR(range)
  const parsed = ipaddr.parse(address)
  return parsed.kind() === base.kind() && parsed.match(base, bits)
}

/** RFC 5280 §7.1 – values are compared without case and without further spaces. */
const folded = ([type, value]: NameAttribute): string =>
  `${type}=${value.normalize('NFKC').toLowerCase().trim().replace(/\s+/g, ' ')}`

const foldedPlace = (place: readonly NameAttribute[]): string => JSON.stringify(place.map(folded).sort())

const matchesDirectory = (name: DistinguishedName, base: DistinguishedName): boolean =>
  base.length <= name.length && base.every((place, index) => foldedPlace(place) === foldedPlace(name[index] ?? []))

/** The names of the certificate, those of its subject among them. */
const namesOf = ({ subject, alternativeNames: names }: CertificateFields): Names => ({
  ...names,
  dns: names.dns.map((name) => name.toLowerCase()),
  email: [
    ...names.email,
    ...(subject ?? []).flat().flatMap(([type, value]) => (type === EMAIL_ADDRESS ? [value] : [])),
  ],
  directory: [...names.directory, ...(subject === undefined || subject.length > 0 ? [subject] : [])],
})

type Form = 'dns' | 'email' | 'uri' | 'ip' | 'directory'

const matchers: { [F in Form]: (name: NonNullable<Names[F][number]>, base: NonNullable<Names[F][number]>) => boolean } =
  {
    dns: (name, base) => matchesDns(name, base.toLowerCase()),
    email: matchesEmail,
    uri: (uri, base) => matchesUri(uri, base.toLowerCase()),
    ip: matchesIp,
    directory: matchesDirectory,
  }

const isFormAllowed = <F extends Form>(form: F, names: Names, { permitted, excluded }: Constraints): boolean => {
  type Name = NonNullable<Names[F][number]>
  const given = names[form] as (Name | undefined)[]
  const allowed = permitted[form] as (Name | undefined)[]
  const forbidden = excluded[form] as (Name | undefined)[]
  if (given.length === 0 || allowed.length + forbidden.length === 0) return true
  // A name that cannot be compared is not within bounds.
  if ([...given, ...allowed, ...forbidden].includes(undefined)) return false
  const isIn = (bases: (Name | undefined)[]) => (name: Name | undefined) =>
    bases.some((base) => name !== undefined && base !== undefined && matchers[form](name, base))
  return !given.some(isIn(forbidden)) && (allowed.length === 0 || given.every(isIn(allowed)))
}

/** Whether every name of the certificate is one that the constraints let through; what cannot be compared is none. */
export const areNamesAllowed = (fields: CertificateFields, constraints: Constraints): boolean => {
  const names = namesOf(fields)
  if (constraints.permitted.hasOthers || constraints.excluded.hasOthers) return false
  return (['dns', 'email', 'uri', 'ip', 'directory'] as const).every((form) => isFormAllowed(form, names, constraints))
}
