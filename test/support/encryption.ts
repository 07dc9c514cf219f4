/** A client's side of encrypted answers: key pairs of every kind, and jose, which opens what was encrypted to them. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CompactJWEHeaderParameters, compactDecrypt } from 'jose'
import type { PublicJwk } from '../../src/oauth/client_metadata.ts'
import type { EncryptionAlg } from '../../src/oauth/encryption_algs.ts'
import { publicJwkOf } from './tokens.ts'

export type EncryptionPair = { privateKey: KeyObject; publicKey: KeyObject; jwk: PublicJwk }

const generate = (kind: string): { privateKey: KeyObject; publicKey: KeyObject } => {
  if (kind === 'RSA') return generateKeyPairSync('rsa', { modulusLength: 2048 })
  if (kind === 'X25519') return generateKeyPairSync('x25519')
  return generateKeyPairSync('ec', { namedCurve: kind })
}

/** `kind`: RSA, X25519 or the name of a curve. */
export const createEncryptionPair = (kind: string, members: Record<string, unknown> = {}): EncryptionPair => {
  const pair = generate(kind)
  return { ...pair, jwk: publicJwkOf(pair, { use: 'enc', ...members }) }
}

/** Kinds of keys that an algorithm works with. */
export const kindsFor = (alg: EncryptionAlg): string[] =>
  alg === 'RSA-OAEP-256' ? ['RSA'] : ['P-256', 'P-384', 'P-521', 'X25519']

export type Opened = { header: CompactJWEHeaderParameters; content: string }

/** Throws for everything that was not encrypted to the key. */
export const open = async (jwe: string, { privateKey }: EncryptionPair): Promise<Opened> => {
  const { plaintext, protectedHeader } = await compactDecrypt(jwe, privateKey)
  return { header: protectedHeader, content: new TextDecoder().decode(plaintext) }
}

/** Where a client publishes a document: a key set, or the redirect URIs of a sector. */
export const startPublisher = async (document: unknown) => {
  let published = document
  let requests = 0
  const server = createServer((_request, response) => {
    requests += 1
    if (published === undefined) response.writeHead(503).end()
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(published))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/document`,
    requests: () => requests,
    /** Undefined: nothing is to be had any more. */
    publish(next: unknown): void {
      published = next
    },
    async close(): Promise<void> {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
