import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { detailsTypes } from '../../../src/oauth/authorization_details_registration.ts'
import { TYPES } from '../../support/rich_authorization.ts'

const refused = (types: unknown, at: string): void => {
  const { error } = detailsTypes.safeParse(types)
  assert.ok(error, at)
  assert.ok(
    error.issues.some(({ path }) => path.join('.').startsWith(at)),
    `${at}: ${JSON.stringify(error.issues)}`,
  )
}

const member = (changes: object) => [{ type: 't', title: 'T', members: [{ name: 'a', kind: 'string', ...changes }] }]

describe('RFC 9396 §2 – a type is not registered', () => {
  test('without a name or words for people, or with a name that no request could carry', () => {
    refused([{ title: 'T' }], '0.type')
    refused([{ type: 't' }], '0.title')
    refused([{ type: 'two words', title: 'T' }], '0.type')
    refused([{ type: 't', title: 'T\u202e' }], '0.title')
    refused([{ type: 't', title: 'T', consent: 'never' }], '0.consent')
    refused([{ type: 't', title: 'T', pattern: '.*' }], '0')
  })

  test('twice, and with a member twice', () => {
    refused([...TYPES, TYPES[0]], '2.type')
    refused(
      [
        {
          type: 't',
          title: 'T',
          members: [
            { name: 'a', kind: 'string' },
            { name: 'a', kind: 'integer' },
          ],
        },
      ],
      '0.members.1.name',
    )
  })

  test('RFC 9396 §2.2 – with a common member of another kind, or with type as a member', () => {
    for (const name of ['locations', 'actions', 'datatypes', 'privileges']) refused(member({ name }), '0.members.0')
    refused(member({ name: 'identifier', kind: 'strings' }), '0.members.0')
    refused(member({ name: 'type' }), '0.members.0')
  })

  test('with a member of a kind that nobody knows, or with what its kind does not have', () => {
    refused(member({ kind: 'any' }), '0.members.0.kind')
    refused(member({ name: '__proto__' }), '0.members.0.name')
    refused(member({ kind: 'object' }), '0.members.0.members')
    refused(member({ kind: 'object', members: [] }), '0.members.0.members')
    refused(member({ members: [{ name: 'b', kind: 'string' }] }), '0.members.0.members')
    refused(member({ kind: 'integer', values: [{ value: '1' }] }), '0.members.0.values')
    refused(member({ values: [] }), '0.members.0.values')
  })

  test('with objects in objects in objects in objects', () => {
    const inner = { name: 'a', kind: 'object', members: [{ name: 'b', kind: 'string' }] }
    const twice = { name: 'a', kind: 'object', members: [inner] }
    assert.ok(detailsTypes.safeParse([{ type: 't', title: 'T', members: [twice] }]).success)
    refused(
      [{ type: 't', title: 'T', members: [{ name: 'a', kind: 'object', members: [twice] }] }],
      '0.members.0.members.0.members.0',
    )
  })
})

describe('RFC 9396 §2 – a type is registered', () => {
  test('as it is', () => assert.deepEqual(detailsTypes.parse(TYPES), TYPES))

  test('with what is safe for everything that is left out', () => {
    const [type] = detailsTypes.parse(member({}))
    assert.deepEqual(type, {
      type: 't',
      title: 'T',
      consent: 'every_time',
      members: [{ name: 'a', kind: 'string', required: false }],
    })
    assert.deepEqual(detailsTypes.parse([{ type: 't', title: 'T' }])[0]?.members, [])
  })
})
