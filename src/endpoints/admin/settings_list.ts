/** The addresses of a list inside a realm's policy, whose items have a name of their own: made, read, replaced and taken away one by one. */
import type { FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { OAuthError } from '../../oauth/errors.ts'
import type { RealmSettings } from '../../oauth/realm_settings.ts'
import { toPage } from '../../storage/rows.ts'
import type { Clock } from '../../system/clock.ts'
import { readBody, requireNoBody } from '../json_body.ts'
import { notFound } from './administrator.ts'
import type { MakeChange } from './change.ts'
import type { Paging } from './paging.ts'
import type { Call, Rows } from './row.ts'

export type SettingsListDeps = { rows: Rows; paging: Paging; makeChange: MakeChange; clock: Clock }

export type SettingsList<T> = {
  /** The last part of the address, and the word for one of them. */
  word: string
  nameOf(item: T): string
  itemsOf(settings: RealmSettings): readonly T[]
  withItems(settings: RealmSettings, items: T[]): RealmSettings
  schema: z.ZodType<T>
  /** Of an item whose name is in the path, whatever the body says. */
  updateOf(request: FastifyRequest, name: string): T
  max: number
}

export const createSettingsListEndpoints = <T>(
  { rows, paging, makeChange, clock }: SettingsListDeps,
  { word, nameOf, itemsOf, withItems, schema, updateOf, max }: SettingsList<T>,
) => {
  const find = (items: readonly T[], name: string): T => {
    const item = items.find((one) => nameOf(one) === name)
    if (!item) throw notFound()
    return item
  }

  /** The list as it is inside the transaction, so that two administrators do not undo each other's change. */
  const change = (
    { request, administrator }: Call,
    { realmId, name }: { realmId: string; name: string },
    work: (items: readonly T[]) => T[],
  ): Promise<void> => {
    const detail = { [word]: name }
    const event = { request, administrator, realmId, type: 'realm.updated', target: realmId, detail } as const
    return makeChange(event, async (_realmStore, { realms }) => {
      const record = await realms.find(realmId)
      if (!record) throw notFound()
      await realms.update(realmId, withItems(record.settings, work(itemsOf(record.settings))), clock.now())
    })
  }

  return [
    rows.ofRealm('POST', `/${word}`, async (call, realm) => {
      const item = readBody(call.request, schema)
      const name = nameOf(item)
      await change(call, { realmId: realm.id, name }, (items) => {
        if (items.some((one) => nameOf(one) === name))
          throw new OAuthError('conflict', `There is a ${word} of that name`)
        if (items.length >= max) throw new OAuthError('unprocessable', `A realm has at most ${max} of these`)
        return [...items, item]
      })
      return { status: 201, body: item }
    }),

    rows.ofRealm('GET', `/${word}`, async ({ request }, realm) => {
      const listName = `${word}s of ${realm.id}`
      const { after = '', limit } = paging.read(request, listName)
      const later = itemsOf(realm.settings)
        .filter((item) => nameOf(item) > after)
        .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
        .slice(0, limit + 1)
      const page = toPage(later, limit, nameOf)
      return { body: paging.answer(page, listName, (item) => item) }
    }),

    rows.ofRealm('GET', `/${word}/:name`, async ({ part }, realm) => ({
      body: find(itemsOf(realm.settings), part('name')),
    })),

    rows.ofRealm('PUT', `/${word}/:name`, async (call, realm) => {
      const name = call.part('name')
      const item = updateOf(call.request, name)
      await change(call, { realmId: realm.id, name }, (items) => {
        find(items, name)
        return items.map((one) => (nameOf(one) === name ? item : one))
      })
      return { body: item }
    }),

    rows.ofRealm('DELETE', `/${word}/:name`, async (call, realm) => {
      requireNoBody(call.request)
      const name = call.part('name')
      await change(call, { realmId: realm.id, name }, (items) => {
        find(items, name)
        return items.filter((one) => nameOf(one) !== name)
      })
      return {}
    }),
  ]
}
