/** OpenID Connect Core 1.0 §5.1 – the standard claims, as an administrator may set them. `sub` and `updated_at` are the server's. */
import { z } from 'zod'
import { text } from './member_shapes.ts'

const MAX_CHARACTERS = 256

const EMAIL = /^[^\s@"(),:;<>[\\\]]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})(?:\.[A-Za-z0-9-]{1,63})*$/

/** RFC 3966 §5.1.4 – a global number, and perhaps an extension. */
const PHONE_NUMBER = /^\+[0-9][0-9 ().-]{2,30}(?:;ext=[0-9]{1,10})?$/

const isDate = (value: string): boolean => {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(value) ?? []
  if (year === undefined) return /^\d{4}$/.test(value)
  // 0000 stands for a year that is not told; the leap year 2000 knows every day that there can be.
  const date = new Date(`${year === '0000' ? '2000' : year}-${month}-${day}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.getUTCDate() === Number(day)
}

const isTimeZone = (value: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

const isLanguageTag = (value: string): boolean => {
  try {
    return Intl.getCanonicalLocales(value).length === 1
  } catch {
    return false
  }
}

const isHttpUri = (value: string): boolean => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)

const name = text(MAX_CHARACTERS).optional()

const webPage = text(2_048).refine(isHttpUri, 'must be an absolute http or https URI').optional()

/** OpenID Connect Core §5.1.1 – `formatted` and `street_address` may have more than one line. */
const lines = z
  .string()
  .min(1)
  .max(1_024)
  .refine((value) => value.isWellFormed() && !/[^\P{Cc}\r\n]/u.test(value), 'contains control characters')
  .optional()

const address = z.strictObject({
  formatted: lines,
  street_address: lines,
  locality: name,
  region: name,
  postal_code: name,
  country: name,
})

export const standardClaimsSchema = z.strictObject({
  name,
  given_name: name,
  family_name: name,
  middle_name: name,
  nickname: name,
  preferred_username: name,
  profile: webPage,
  picture: webPage,
  website: webPage,
  email: text(254).regex(EMAIL, 'must be an email address').optional(),
  email_verified: z.boolean().optional(),
  gender: name,
  birthdate: z.string().refine(isDate, 'must be a date such as 2001-12-31, 0000-12-31 or 2001').optional(),
  zoneinfo: text(64).refine(isTimeZone, 'must be a time zone such as Europe/Paris').optional(),
  locale: text(64).refine(isLanguageTag, 'must be a language tag such as en-US').optional(),
  phone_number: z.string().regex(PHONE_NUMBER, 'must be a phone number such as +1 604 555 1234').optional(),
  phone_number_verified: z.boolean().optional(),
  address: address.optional(),
})
