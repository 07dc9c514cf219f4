/** OpenID Connect Core §2 `acr` and RFC 9470 – how well a person proved who it is, in the words of the realm. */
import type { RealmSettings } from './realm_settings.ts'

type Settings = Pick<RealmSettings, 'acr_params'>

/** What a request asks for; undefined where it does not ask. */
export type AskedAcr = { isEssential: boolean; values: readonly string[] } | undefined

/** The strongest first; none where the realm gives them no names. */
export const acrValuesOf = ({ acr_params: params }: Settings): readonly string[] =>
  params ? [params.two_factors, params.one_factor] : []

/** RFC 8176 §2 – `mfa`: more than one factor. Who proved two proved one as well. */
export const reachedAcrs = (settings: Settings, amr: readonly string[]): readonly string[] =>
  acrValuesOf(settings).slice(amr.includes('mfa') ? 0 : 1)

/** OpenID Connect Core §3.1.2.1 – in the order of preference of who asks; what was reached, where that is none of them. */
export const acrOf = (settings: Settings, amr: readonly string[], asked: AskedAcr): string | undefined => {
  const reached = reachedAcrs(settings, amr)
  return asked?.values.find((acr) => reached.includes(acr)) ?? reached[0]
}
