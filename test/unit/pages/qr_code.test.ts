import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeQR } from 'qr/decode.js'
import { render } from '../../../src/pages/html.ts'
import { qrCode } from '../../../src/pages/qr_code.ts'
import { attribute, elementsOf } from './document.ts'

const PIXELS = 4

/** What a camera sees: the dark runs of the path, drawn as pixels on white. */
const photograph = (svg: string) => {
  const [, path] = elementsOf(svg).filter(({ tagName }) => tagName === 'path')
  const box = elementsOf(svg).find(({ tagName }) => tagName === 'svg')
  assert.ok(path && box)
  const modules = Number(attribute(box, 'viewbox')?.split(' ')[3] ?? attribute(box, 'viewBox')?.split(' ')[3])
  const size = modules * PIXELS
  const data = new Uint8ClampedArray(size * size * 4).fill(255)
  for (const [, x, y, length] of (attribute(path, 'd') ?? '').matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g))
    for (let row = Number(y) * PIXELS; row < (Number(y) + 1) * PIXELS; row++)
      data.fill(0, (row * size + Number(x) * PIXELS) * 4, (row * size + (Number(x) + Number(length)) * PIXELS) * 4)
  for (let alpha = 3; alpha < data.length; alpha += 4) data[alpha] = 255
  return { width: size, height: size, data }
}

test('ISO/IEC 18004 a reader finds in the picture what was put in, short and long', () => {
  for (const text of [
    'x',
    `otpauth://totp/${'a'.repeat(64)}?secret=${'A'.repeat(103)}&issuer=auth.example%20(shop)&period=30`,
  ])
    assert.equal(decodeQR(photograph(render(qrCode(text, 'A QR code')))), text)
})

test('the picture has a name for who cannot see it, and nothing but shapes', () => {
  const svg = render(qrCode('x', 'A "QR" code'))
  assert.match(svg, /^<svg [^>]*role="img" aria-label="A &quot;QR&quot; code"/)
  assert.doesNotMatch(svg, /style=|<script|href/)
})
