/** What is shown of a name is what is there (security matrix T-CS-10). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { displayClientName, displayName, visibleText } from '../../../src/pages/display_text.ts'

test('T-CS-10 – characters that reorder or hide text are removed', () => {
  for (const character of [
    '\u202e',
    '\u2066',
    '\u2069',
    '\u200f',
    '\u061c',
    '\u200b',
    '\ufeff',
    '\u00ad',
    '\u3164',
    '\u{e0041}',
    '\u0000',
    '\u0085',
    '\ud800',
  ])
    assert.equal(visibleText(`Good${character}Bank`), 'GoodBank', `U+${character.codePointAt(0)?.toString(16)}`)
})

test('T-CS-10 – line breaks and runs of blanks become one space', () => {
  assert.equal(visibleText(' Good\r\n\tBank\u00a0\u2003\u2800 Ltd\u2028 '), 'Good Bank Ltd')
})

test('T-CS-10 – a name is composed to NFC', () => {
  assert.equal(visibleText('Cafe\u0301'), 'Caf\u00e9')
})

test('T-CS-10 – piled-up combining marks are cut', () => {
  assert.equal(visibleText(`Z${'\u0334'.repeat(50)}`), `Z${'\u0334'.repeat(3)}`)
})

test('T-CS-10 – a name has at most 64 code points', () => {
  assert.equal([...displayClientName('\u{1f510}'.repeat(10_000))].length, 64)
  assert.equal(displayClientName('n'.repeat(64)), 'n'.repeat(64))
  assert.equal(displayClientName('n'.repeat(65)), `${'n'.repeat(63)}…`)
})

test('T-CS-10 – a name of which nothing is left is said to be missing', () => {
  assert.equal(displayName('\u200b\u202e \n', 'nothing'), 'nothing')
  assert.notEqual(displayClientName(''), '')
})

test('T-CS-10 – whatever comes in, what goes out is visible and short', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (name) => {
      const shown = displayClientName(name)
      assert.ok([...shown].length <= 64 && shown.trim() !== '')
      assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\p{Cs}\n]/u)
    }),
  )
})
