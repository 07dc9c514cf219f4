/** /admin/realm/{id}/client – the clients of a realm. A secret is shown once, when it is made, and never again. */

import { createKeepSecret, lacksSecret } from '../../client_auth/sealed_secret.ts'
import { createCheckSector, type SectorIdentifierDeps } from '../../client_auth/sector_identifier.ts'
import type { SealingDeps } from '../../keys/sealing.ts'
import type { Client } from '../../oauth/client_metadata.ts'
import { clientCreationSchema, clientUpdateSchema, hasSecret } from '../../oauth/client_registration.ts'
import { OAuthError } from '../../oauth/errors.ts'
import { isDuplicateKey } from '../../storage/database.ts'
import type { Realm } from '../../storage/realm_directory.ts'
import type { Clock } from '../../system/clock.ts'
import { sha256 } from '../../system/hashing.ts'
import type { Random } from '../../system/random.ts'
import { readBody, requireNoBody } from '../json_body.ts'
import { notFound } from './administrator.ts'
import type { MakeChange } from './change.ts'
import type { Paging } from './paging.ts'
import type { Call, Rows } from './row.ts'

export type ClientsDeps = SectorIdentifierDeps &
  SealingDeps & {
    rows: Rows
    paging: Paging
    makeChange: MakeChange
    clock: Clock
    random: Random
  }

/** A client and, where one was made just now, its secret. */
type Shown = { client: Client; secret: string | undefined }

const toWire = (client: Client) => ({ client_id: client.clientId, enabled: client.enabled, ...client.metadata })

const toWireWithSecret = ({ client, secret }: Shown) => ({
  ...toWire(client),
  ...(secret === undefined ? {} : { client_secret: secret }),
})

const taken = (): OAuthError => new OAuthError('conflict', 'There is a client of that id')

const hashOf = (secret: string | undefined): string | undefined => (secret === undefined ? undefined : sha256(secret))

const MAX_CLIENT_ID = 255

export const createClientsEndpoints = (deps: ClientsDeps) => {
  const { rows, paging, makeChange, clock, random } = deps
  const checkSector = createCheckSector(deps)
  const keepSecret = createKeepSecret(deps)

  const find = async (realm: Realm, clientId: string): Promise<Client> => {
    const isPossible = clientId.length <= MAX_CLIENT_ID && /^[\x21-\x7e]+$/.test(clientId)
    const client = isPossible ? await realm.store.clients.find(clientId) : undefined
    if (!client) throw notFound()
    return client
  }

  const create = async (call: Call, realm: Realm): Promise<Shown> => {
    const body = readBody(call.request, clientCreationSchema)
    await checkSector(body.metadata)
    const { request, administrator } = call
    const clientId = body.clientId ?? random.id()
    const secret = hasSecret(body.metadata.token_endpoint_auth_method)
      ? (body.clientSecret ?? random.secret())
      : undefined
    const now = clock.now()
    const client: Client = {
      realmId: realm.id,
      clientId,
      secretHash: hashOf(secret),
      enabled: body.enabled ?? true,
      metadata: body.metadata,
      createdAt: now,
      updatedAt: now,
    }
    const change = { request, administrator, realmId: realm.id, type: 'client.created', target: clientId } as const
    try {
      await makeChange(change, async (realmStore) => {
        // RFC 9068 §5 – a client must not be able to choose the identifier of a person.
        if (await realmStore.users.find(clientId)) throw taken()
        await realmStore.clients.insert(client)
        await keepSecret(realmStore, client, secret)
      })
    } catch (error) {
      throw isDuplicateKey(error) ? taken() : error
    }
    return { client, secret }
  }

  const update = async (call: Call, realm: Realm): Promise<Shown> => {
    const body = readBody(call.request, clientUpdateSchema)
    const { request, administrator } = call
    const { clientId: target, metadata } = await find(realm, call.part('clientId'))
    await checkSector(body.metadata, metadata)
    const needsSecret = hasSecret(body.metadata.token_endpoint_auth_method)
    const change = { request, administrator, realmId: realm.id, type: 'client.updated', target } as const
    return await makeChange(change, async (realmStore) => {
      const before = await realmStore.clients.find(target)
      if (!before) throw notFound()
      const secret = needsSecret && lacksSecret(before, body.metadata) ? random.secret() : undefined
      const client: Client = {
        ...before,
        enabled: body.enabled ?? before.enabled,
        metadata: body.metadata,
        // T-CA-05 – a secret that the new method does not use is gone.
        secretHash: needsSecret ? (hashOf(secret) ?? before.secretHash) : undefined,
        updatedAt: clock.now(),
      }
      await realmStore.clients.update(client)
      await keepSecret(realmStore, client, secret)
      return { client, secret }
    })
  }

  const rotateSecret = async (call: Call, realm: Realm): Promise<Shown> => {
    requireNoBody(call.request)
    const { request, administrator } = call
    const target = (await find(realm, call.part('clientId'))).clientId
    const secret = random.secret()
    const change = { request, administrator, realmId: realm.id, type: 'client.secret_rotated', target } as const
    return await makeChange(change, async (realmStore) => {
      const before = await realmStore.clients.find(target)
      if (!before) throw notFound()
      if (!hasSecret(before.metadata.token_endpoint_auth_method))
        throw new OAuthError('unprocessable', 'The client does not authenticate with a secret')
      const client = { ...before, secretHash: sha256(secret), updatedAt: clock.now() }
      await realmStore.clients.update(client)
      await keepSecret(realmStore, client, secret)
      return { client, secret }
    })
  }

  const remove = async (call: Call, realm: Realm): Promise<void> => {
    requireNoBody(call.request)
    const { request, administrator } = call
    const target = (await find(realm, call.part('clientId'))).clientId
    const change = { request, administrator, realmId: realm.id, type: 'client.deleted', target } as const
    await makeChange(change, async (realmStore) => {
      if (!(await realmStore.clients.delete(target))) throw notFound()
    })
  }

  const listName = (realm: Realm): string => `clients of ${realm.id}`

  return [
    rows.ofRealm('POST', '/client', async (call, realm) => ({
      status: 201,
      body: toWireWithSecret(await create(call, realm)),
    })),

    rows.ofRealm('GET', '/client', async ({ request }, realm) => {
      const page = await realm.store.clients.list(paging.read(request, listName(realm)))
      return { body: paging.answer(page, listName(realm), toWire) }
    }),

    rows.ofRealm('GET', '/client/:clientId', async (call, realm) => ({
      body: toWire(await find(realm, call.part('clientId'))),
    })),

    rows.ofRealm('PUT', '/client/:clientId', async (call, realm) => ({
      body: toWireWithSecret(await update(call, realm)),
    })),

    rows.ofRealm('DELETE', '/client/:clientId', async (call, realm) => {
      await remove(call, realm)
      return {}
    }),

    rows.ofRealm('POST', '/client/:clientId/secret', async (call, realm) => ({
      body: toWireWithSecret(await rotateSecret(call, realm)),
    })),
  ]
}
