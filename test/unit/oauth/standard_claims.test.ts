/** OpenID Connect Core §5.1 – the claims that an administrator may set. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { standardClaimsSchema } from '../../../src/oauth/standard_claims.ts'

const isTaken = (claims: unknown): boolean => standardClaimsSchema.safeParse(claims).success

for (const [name, claims] of Object.entries({
  'the subject': { sub: 'somebody-else' },
  'a time of the server': { updated_at: 1 },
  'an unknown claim': { shoe_size: 43 },
  'email_verified as text': { email_verified: 'true' },
  'phone_number_verified as a number': { phone_number_verified: 1 },
  'an email without a host': { email: 'alice' },
  'an email with a line break': { email: 'alice@example.com\nbcc: all' },
  'a birthdate that never was': { birthdate: '2001-02-29' },
  'a birthdate in another order': { birthdate: '31.12.2001' },
  'a time zone that is none': { zoneinfo: 'Mars/Olympus' },
  'a locale that is none': { locale: 'not a locale' },
  'a phone number without country': { phone_number: '555 1234' },
  'an address as text': { address: 'Main Street 1' },
  'an unknown part of an address': { address: { planet: 'Earth' } },
  'a profile that is a script': { profile: 'javascript:alert(1)' },
  'a picture that is data': { picture: 'data:image/png;base64,AA' },
  'a name with an override': { name: 'alice\u202e' },
  'a name with a NUL': { name: 'alice\0' },
  'a name that is too long': { name: 'x'.repeat(257) },
  'an empty name': { name: '' },
}))
  test(`OpenID Connect Core §5.1 – ${name} is refused`, () => {
    assert.equal(isTaken(claims), false)
  })

test('RFC 3966 §5.1.4 – a phone number is a global one', () => {
  for (const phone_number of ['+1 (425) 555-1212', '+56 (2) 687 2400', '+1 (604) 555-1234;ext=5678'])
    assert.equal(isTaken({ phone_number }), true)
  for (const phone_number of ['', '+', '425 555 1212', '+1 555 CALL', '+1;ext=', '+1 604 555 1234;isub=1'])
    assert.equal(isTaken({ phone_number }), false)
})

test('OpenID Connect Core §5.1 and §5.1.1 – every standard claim is taken as the specification shows it', () => {
  const claims = {
    name: 'Jane Doe',
    given_name: 'Jane',
    family_name: 'Doe',
    middle_name: 'Q.',
    nickname: 'JD',
    preferred_username: 'j.doe',
    profile: 'https://example.com/janedoe',
    picture: 'http://example.com/janedoe/me.jpg',
    website: 'https://janedoe.example',
    email: 'janedoe@example.com',
    email_verified: true,
    gender: 'female',
    birthdate: '0000-10-31',
    zoneinfo: 'America/Los_Angeles',
    locale: 'en-US',
    phone_number: '+1 (310) 123-4567;ext=5678',
    phone_number_verified: false,
    address: {
      formatted: '1234 Hollywood Blvd.\nLos Angeles, CA 90210\nUS',
      street_address: '1234 Hollywood Blvd.',
      locality: 'Los Angeles',
      region: 'CA',
      postal_code: '90210',
      country: 'US',
    },
  }
  assert.deepEqual(standardClaimsSchema.parse(claims), claims)
  assert.equal(isTaken({ birthdate: '1970' }), true)
  assert.equal(isTaken({ birthdate: '2000-02-29' }), true)
})
