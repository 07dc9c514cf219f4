/** Names that strangers chose, made fit to be read: what is shown must be what is there (T-CS-10). */

const MAX_CODE_POINTS = 64

// Bidirectional overrides, zero-width and other invisible characters, controls, surrogates, private use.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}]/gu
// U+2800 is a Braille pattern without a dot: a space by another name.
const BLANK = /[[\s\u2800]--[\ufeff]]+/gv
const STACKED_MARKS = /(\p{M}{3})\p{M}+/gu

/** Without what cannot be seen or reorders its surroundings; of any length. */
export const visibleText = (text: string): string =>
  text.normalize('NFC').replace(BLANK, ' ').replace(INVISIBLE, '').replace(STACKED_MARKS, '$1').trim()

/** At most 64 code points, and never empty. */
export const displayName = (name: string, fallback: string): string => {
  const codePoints = [...visibleText(name)]
  if (codePoints.length === 0) return fallback
  return codePoints.length > MAX_CODE_POINTS
    ? `${codePoints.slice(0, MAX_CODE_POINTS - 1).join('')}…`
    : codePoints.join('')
}

export const displayClientName = (name: string): string => displayName(name, 'An application without a name')
