/**
 * How many requests one source, one realm and one client may send: `[rate_limit_params]`, what a realm's table there says
 * instead, and what is registered of a client. Replaced at run time by `reload`, without emptying a bucket.
 */
import type { RateLimitParams } from '../config/schema.ts'
import type { Client } from '../oauth/client_metadata.ts'
import type { Rate, TokenBuckets, Wait } from './token_buckets.ts'

type Prefix = '' | 'realm_' | 'client_'

type Rates = { source: Rate | undefined; realm: Rate | undefined; client: Rate | undefined }

/** Discovery, keys and session keys cost next to nothing, and one address may stand for many resource servers. */
const DOCUMENTS_FACTOR = 10

type Values = Partial<Record<`${Prefix}${'requests_per_second' | 'burst_size'}`, number | undefined>>

const rateOf = (perSecond: number | undefined, burst: number | undefined): Rate | undefined =>
  perSecond === undefined ? undefined : { perSecond, burst: burst ?? perSecond }

const rateNamed = (values: Values, prefix: Prefix): Rate | undefined =>
  rateOf(values[`${prefix}requests_per_second`], values[`${prefix}burst_size`])

const ratesOf = (values: Values): Rates => ({
  source: rateNamed(values, ''),
  realm: rateNamed(values, 'realm_'),
  client: rateNamed(values, 'client_'),
})

const read = (params: RateLimitParams) => {
  const general = ratesOf(params)
  const overrides = new Map(Object.entries(params.realms ?? {}).map(([id, values]) => [id, ratesOf(values)]))
  const isOn = [general, ...overrides.values()].some(({ source, realm }) => source ?? realm)
  return { general, overrides, isOn }
}

export const createRateLimits = (params: RateLimitParams, buckets: Pick<TokenBuckets, 'take'>) => {
  let { general, overrides, isOn } = read(params)

  const take = (key: string, rate: Rate | undefined): Wait => (rate ? buckets.take(key, rate) : 0)

  return {
    /** False when no request has to be looked at before its client is known. */
    isOn: (): boolean => isOn,

    /** `realmId`: the realm that the request is about, if any. One with a rate of its own has buckets of its own. */
    ofSource(source: string, realmId: string | undefined): Wait {
      const own = realmId === undefined ? undefined : overrides.get(realmId)?.source
      return own ? take(`source ${realmId} ${source}`, own) : take(`source ${source}`, general.source)
    },

    /** For the public documents, apart from everything else that the source asks for. */
    ofReader(source: string): Wait {
      if (!general.source) return 0
      const { perSecond, burst } = general.source
      return take(`reader ${source}`, { perSecond: perSecond * DOCUMENTS_FACTOR, burst: burst * DOCUMENTS_FACTOR })
    },

    ofRealm(realmId: string): Wait {
      return take(`realm ${realmId}`, overrides.get(realmId)?.realm ?? general.realm)
    },

    /** Asked before the client's credentials are looked at, so that wrong ones count. */
    ofClient({ realmId, clientId, metadata }: Client): Wait {
      const { rate_limit: own } = metadata
      const rate = own
        ? rateOf(own.requests_per_second, own.burst_size)
        : (overrides.get(realmId)?.client ?? general.client)
      return rate ? take(`client ${realmId} ${clientId}`, rate) : 0
    },

    /** From the next request on. */
    reload(next: RateLimitParams): void {
      ;({ general, overrides, isOn } = read(next))
    },
  }
}

export type RateLimits = ReturnType<typeof createRateLimits>
