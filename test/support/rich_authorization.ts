/** RFC 9396 §2 – two types of authorization details as a bank has them, and a detail of each. */
import type { AuthorizationDetailsType } from '../../src/oauth/authorization_details_type.ts'

export const PAYMENT_TYPE: AuthorizationDetailsType = {
  type: 'payment_initiation',
  title: 'Make a payment',
  description: 'Once, from an account of yours.',
  consent: 'every_time',
  members: [
    {
      name: 'instructed_amount',
      title: 'Amount',
      kind: 'object',
      required: true,
      members: [
        { name: 'amount', title: 'Sum', kind: 'decimal', required: true },
        {
          name: 'currency',
          title: 'Currency',
          kind: 'string',
          required: true,
          values: [{ value: 'EUR', title: 'Euro' }],
        },
      ],
    },
    { name: 'creditor_name', title: 'To', kind: 'string', required: true },
    { name: 'urgent', title: 'At once', kind: 'boolean', required: false },
    { name: 'attempts', kind: 'integer', required: false },
    {
      name: 'invoices',
      title: 'Invoice',
      kind: 'objects',
      required: false,
      members: [{ name: 'number', title: 'Number', kind: 'string', required: true }],
    },
  ],
}

export const ACCOUNTS_TYPE: AuthorizationDetailsType = {
  type: 'https://bank.example/accounts',
  title: 'See your accounts',
  consent: 'remembered',
  members: [
    {
      name: 'actions',
      title: 'What',
      kind: 'strings',
      required: true,
      values: [
        { value: 'list', title: 'The list of them' },
        { value: 'balance', title: 'What is on them' },
        { value: 'transactions' },
      ],
    },
    { name: 'accounts', title: 'Accounts', kind: 'strings', required: false },
    { name: 'identifier', kind: 'string', required: false },
  ],
}

export const TYPES = [PAYMENT_TYPE, ACCOUNTS_TYPE]

export const TYPE_NAMES = TYPES.map(({ type }) => type)

export const PAYMENT = {
  type: PAYMENT_TYPE.type,
  instructed_amount: { amount: '123.50', currency: 'EUR' },
  creditor_name: 'Merchant A',
}

export const ACCOUNTS = { type: ACCOUNTS_TYPE.type, actions: ['list', 'balance'] }
