import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { detailWords } from '../../../src/oauth/authorization_details_words.ts'
import { ACCOUNTS, PAYMENT, TYPES } from '../../support/rich_authorization.ts'

describe('RFC 9396 §1 – a detail is put into words', () => {
  test('with everything that it says, in the order of its type', () => {
    const detail = { ...PAYMENT, urgent: false, attempts: 0, invoices: [{ number: '17' }, { number: '18' }] }
    assert.deepEqual(detailWords(detail, TYPES), {
      title: 'Make a payment',
      description: 'Once, from an account of yours.',
      lines: [
        { label: 'Amount – Sum', values: ['123.50'] },
        { label: 'Amount – Currency', values: ['Euro'] },
        { label: 'To', values: ['Merchant A'] },
        { label: 'At once', values: ['No'] },
        { label: 'attempts', values: ['0'] },
        { label: 'Invoice 1 – Number', values: ['17'] },
        { label: 'Invoice 2 – Number', values: ['18'] },
      ],
    })
  })

  test('with each value of a list apart, by its own name where it has one', () => {
    const { lines, description } = detailWords(
      { ...ACCOUNTS, actions: ['balance', 'transactions'], accounts: ['a, b', 'c'] },
      TYPES,
    )
    assert.equal(description, undefined)
    assert.deepEqual(lines, [
      { label: 'What', values: ['What is on them', 'transactions'] },
      { label: 'Accounts', values: ['a, b', 'c'] },
    ])
  })
})
