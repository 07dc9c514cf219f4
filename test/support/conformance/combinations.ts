/** What the FAPI 2.0 plans of the conformance suite are run with: one value of each kind. */

export type Combination = {
  authentication: 'private_key_jwt' | 'mtls'
  constraint: 'dpop' | 'mtls'
  openid: 'openid_connect' | 'plain_oauth'
  request: 'unsigned' | 'signed_non_repudiation'
  response: 'plain_response' | 'jarm'
}

const AUTHENTICATIONS = ['private_key_jwt', 'mtls'] as const
const CONSTRAINTS = ['dpop', 'mtls'] as const
const KINDS = ['openid_connect', 'plain_oauth'] as const
const REQUESTS = ['unsigned', 'signed_non_repudiation'] as const
const RESPONSES = ['plain_response', 'jarm'] as const

export const COMBINATIONS: readonly Combination[] = AUTHENTICATIONS.flatMap((authentication) =>
  CONSTRAINTS.flatMap((constraint) =>
    KINDS.flatMap((openid) =>
      REQUESTS.flatMap((request) =>
        RESPONSES.map((response): Combination => ({ authentication, constraint, openid, request, response })),
      ),
    ),
  ),
)

const bit = (condition: boolean): number => (condition ? 1 : 0)

/** Eight of them, in which any two values of any two kinds occur together: the last two kinds follow from the first three. */
export const PAIRWISE: readonly Combination[] = COMBINATIONS.filter((combination) => {
  const first = bit(combination.authentication === 'mtls')
  const second = bit(combination.constraint === 'mtls')
  const third = bit(combination.openid === 'plain_oauth')
  const request = bit(combination.request === 'signed_non_repudiation')
  const response = bit(combination.response === 'jarm')
  return request === (first ^ second ^ 1) && response === (first ^ third ^ 1)
})

export const nameOf = (combination: Combination): string => Object.values(combination).join(', ')

export const isOpenid = ({ openid }: Combination): boolean => openid === 'openid_connect'
export const isSigned = ({ request }: Combination): boolean => request === 'signed_non_repudiation'
export const isJarm = ({ response }: Combination): boolean => response === 'jarm'
export const isDpop = ({ constraint }: Combination): boolean => constraint === 'dpop'
export const isAssertion = ({ authentication }: Combination): boolean => authentication === 'private_key_jwt'

/** Whether a client shows a certificate at all: it then calls the aliases. */
export const usesCertificate = ({ authentication, constraint }: Combination): boolean =>
  authentication === 'mtls' || constraint === 'mtls'
