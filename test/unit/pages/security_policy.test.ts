/** CSP Level 3 – the hashes of a page allow exactly what is in it, and it needs nothing else. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { attribute, elementsOf, textOf } from './document.ts'
import { plain, samples } from './samples.ts'

const hashesOf = (html: string, tagName: string): string[] =>
  elementsOf(html)
    .filter((element) => element.tagName === tagName)
    .map((element) => `sha256-${hash('sha256', textOf(element), 'base64')}`)

for (const sample of samples) {
  const page = sample.render(plain)
  const elements = elementsOf(page.html)

  test(`CSP §2.3.1 – the hashes of the ${sample.name} page are those of its style and script`, () => {
    assert.deepEqual(page.styleHashes, hashesOf(page.html, 'style'))
    assert.deepEqual(page.scriptHashes, hashesOf(page.html, 'script'))
  })

  test(`CSP §6.6.3 – the ${sample.name} page has no inline handler, no style attribute and loads nothing`, () => {
    for (const element of elements)
      for (const { name } of element.attrs)
        assert.ok(!/^on|^style$|^src|^srcset$|^data$|^formaction$/.test(name), `${element.tagName} ${name}`)
    const loading = ['img', 'iframe', 'object', 'embed', 'base', 'video', 'audio']
    const loaders = elements.filter((element) => loading.includes(element.tagName))
    assert.deepEqual(loaders, [])
    const links = elements.filter((element) => element.tagName === 'link')
    for (const link of links) assert.match(attribute(link, 'href') ?? '', /^data:image\/svg\+xml,/)
    const style = elements.find((element) => element.tagName === 'style')
    assert.doesNotMatch(style ? textOf(style) : '', /url\(|@import/)
  })

  test(`the ${sample.name} page weighs less than 20 KiB`, () => assert.ok(Buffer.byteLength(page.html) < 20 * 1024))
}

test('T-XS-02 – the only page with a script is form_post, and its script holds no data', () => {
  const withScript = samples.filter((sample) => sample.render(plain).scriptHashes.length > 0)
  assert.deepEqual(
    withScript.map((sample) => sample.name),
    ['form_post'],
  )
  const hashes = ['a', 'b'].map((text) => withScript[0]?.render(() => text).scriptHashes)
  assert.deepEqual(hashes[0], hashes[1])
})

test('no page sends a referrer', () => {
  for (const sample of samples) {
    const meta = elementsOf(sample.render(plain).html).find((element) => attribute(element, 'name') === 'referrer')
    assert.equal(meta && attribute(meta, 'content'), 'no-referrer', sample.name)
  }
})
