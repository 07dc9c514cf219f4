import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  detailsTypesOf,
  parseAuthorizationDetails,
  rememberedDetails,
} from '../../../src/oauth/authorization_details.ts'
import { metadataWith, settingsWith } from '../../support/authorization.ts'
import { ACCOUNTS, ACCOUNTS_TYPE, PAYMENT, PAYMENT_TYPE, TYPES } from '../../support/rich_authorization.ts'

const parse = (details: unknown) => parseAuthorizationDetails(JSON.stringify(details), TYPES)

const refused = (text: string, what: string): void =>
  assert.throws(() => parseAuthorizationDetails(text, TYPES), { code: 'invalid_authorization_details' }, what)

const amount = (changes: object) => ({ ...PAYMENT, instructed_amount: { ...PAYMENT.instructed_amount, ...changes } })

describe('RFC 9396 §5 – authorization_details are refused', () => {
  const texts: [string, string][] = [
    ['that are no JSON', '['],
    ['that are an object', JSON.stringify(PAYMENT)],
    ['that are text', '"payment_initiation"'],
    ['that are null', 'null'],
    ['that are empty', '[]'],
    [
      'with a member twice',
      JSON.stringify([PAYMENT]).replace('"creditor_name"', '"creditor_name":"B","creditor_name"'),
    ],
    [
      'with a member twice in an object inside',
      JSON.stringify([PAYMENT]).replace('"amount":"1', '"amount":"9","amount":"1'),
    ],
    [
      'with a member twice in another spelling',
      JSON.stringify([ACCOUNTS]).replace('"actions"', '"actions":["list"],"\\u0061ctions"'),
    ],
    [
      'that are longer than a token should be',
      JSON.stringify([{ ...PAYMENT, invoices: Array.from({ length: 20 }, () => ({ number: 'ä'.repeat(200) })) }]),
    ],
    ['that are too many', JSON.stringify(Array.from({ length: 21 }, () => ACCOUNTS))],
    [
      'that are deeper than any type',
      `[{"type":"payment_initiation","instructed_amount":${'{"amount":'.repeat(300)}1${'}'.repeat(300)}}]`,
    ],
    ['with __proto__ as a member', JSON.stringify([ACCOUNTS]).replace('"actions"', '"__proto__":{},"actions"')],
  ]
  for (const [what, text] of texts) test(what, () => refused(text, what))

  const elements: [string, unknown][] = [
    ['an element that is text', 'payment_initiation'],
    ['an element that is null', null],
    ['an element that is a list', [PAYMENT]],
    ['an element without a type', { actions: ['list'] }],
    ['a type that nobody has', { ...ACCOUNTS, type: 'accounts' }],
    ['a type in another case', { ...PAYMENT, type: 'Payment_Initiation' }],
    ['a type of which an object inherits', { type: 'constructor' }],
    ['a type that is a list', { ...PAYMENT, type: ['payment_initiation'] }],
    ['a member that the type does not have', { ...PAYMENT, debtor: 'Alice' }],
    ['a common member that the type does not have', { ...PAYMENT, actions: ['initiate'] }],
    ['a member of which an object inherits', { ...PAYMENT, constructor: 'x' }],
    ['no member that the type requires', { type: PAYMENT.type, instructed_amount: PAYMENT.instructed_amount }],
    ['no member that an object inside requires', amount({ currency: undefined })],
    ['a member that an object inside does not have', amount({ tip: '1.00' })],
    ['a value that the type does not have', amount({ currency: 'USD' })],
    ['a value in a list that the type does not have', { ...ACCOUNTS, actions: ['list', 'delete'] }],
    ['a number in place of a decimal', amount({ amount: 123.5 })],
    ['a decimal that is none', amount({ amount: '1e9' })],
    ['a decimal with a comma', amount({ amount: '1,50' })],
    ['a decimal without end', amount({ amount: '1'.repeat(40) })],
    ['text in place of an object', { ...PAYMENT, instructed_amount: '123.50 EUR' }],
    ['a list in place of an object', { ...PAYMENT, instructed_amount: [PAYMENT.instructed_amount] }],
    ['an object in place of a list', { ...PAYMENT, invoices: { number: '1' } }],
    ['an empty list', { ...ACCOUNTS, actions: [] }],
    ['a list that says something twice', { ...ACCOUNTS, actions: ['list', 'list'] }],
    ['text in place of a list', { ...ACCOUNTS, actions: 'list' }],
    ['a list of other things', { ...ACCOUNTS, accounts: [['1']] }],
    ['a list that is too long', { ...ACCOUNTS, accounts: Array.from({ length: 51 }, (_, n) => String(n)) }],
    ['text in place of a boolean', { ...PAYMENT, urgent: 'true' }],
    ['a fraction in place of an integer', { ...PAYMENT, attempts: 1.5 }],
    ['null in place of a value', { ...PAYMENT, creditor_name: null }],
    ['empty text', { ...PAYMENT, creditor_name: '' }],
    ['text that is too long', { ...PAYMENT, creditor_name: 'a'.repeat(513) }],
    [
      'T-CS-10 text that is written from right to left against its look',
      { ...PAYMENT, creditor_name: 'Good\u202eknaB' },
    ],
    ['T-CS-10 text with a line break', { ...PAYMENT, creditor_name: 'Merchant A\nAmount: 1.00' }],
    ['T-CS-10 text with something that cannot be seen', { ...PAYMENT, creditor_name: 'Merch\u200bant A' }],
    ['text with half a character', { ...PAYMENT, creditor_name: '\ud800' }],
  ]
  for (const [what, element] of elements) {
    test(`with ${what}`, () => refused(JSON.stringify([PAYMENT, element]), what))
  }
})

describe('RFC 9396 §2 – authorization_details are taken', () => {
  test('as they are, of several types and twice of one', () => {
    const whole = { ...PAYMENT, urgent: true, attempts: 3, invoices: [{ number: '17' }, { number: '18' }] }
    const details = [whole, ACCOUNTS, { ...ACCOUNTS, accounts: ['DE1', 'DE2'], identifier: 'mine' }]
    assert.deepEqual(parse(details), details)
  })
})

describe('RFC 9396 §10 – a client may ask', () => {
  const settings = settingsWith({ authorization_details_types: TYPES })

  test('for no type that it is not registered for, and for none when it is registered for none', () => {
    assert.deepEqual(detailsTypesOf(settings, metadataWith()), [])
    const client = metadataWith({ authorization_details_types: [ACCOUNTS.type, 'gone'] })
    assert.deepEqual(detailsTypesOf(settings, client), [ACCOUNTS_TYPE])
    assert.deepEqual(detailsTypesOf(settingsWith(), client), [])
  })

  test('in silence only for details of types that are remembered, as the realm has them now', () => {
    assert.deepEqual(rememberedDetails(settings, [PAYMENT, ACCOUNTS]), [ACCOUNTS])
    const strict = settingsWith({
      authorization_details_types: [PAYMENT_TYPE, { ...ACCOUNTS_TYPE, consent: 'every_time' }],
    })
    assert.deepEqual(rememberedDetails(strict, [PAYMENT, ACCOUNTS]), [])
    assert.deepEqual(rememberedDetails(settingsWith(), [ACCOUNTS]), [])
  })
})
