/** WCAG 2.2 AA, as far as a document tells: labels, messages, autocomplete, contrast; and the ids that are a contract. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { consentPage } from '../../../src/pages/consent.ts'
import { loginPage } from '../../../src/pages/login.ts'
import { STYLE } from '../../../src/pages/style.ts'
import { totpPage } from '../../../src/pages/totp.ts'
import { attribute, byId, type Element, elementsOf, parseErrorsOf, textOf } from './document.ts'
import { plain, samples } from './samples.ts'

const isTyped = (element: Element): boolean =>
  element.tagName === 'input' && attribute(element, 'type') !== 'hidden' && attribute(element, 'hidden') === undefined

const of = (elements: Element[], tagName: string): Element[] =>
  elements.filter((element) => element.tagName === tagName)

for (const sample of samples) {
  const { html } = sample.render(plain)
  const elements = elementsOf(html)

  test(`the ${sample.name} page is HTML without errors, with unique ids`, () => {
    assert.deepEqual(parseErrorsOf(html), [])
    const ids = elements.map((element) => attribute(element, 'id')).filter((id) => id !== undefined)
    assert.equal(new Set(ids).size, ids.length)
  })

  test(`WCAG 3.1.1, 2.4.2, 1.3.1 – the ${sample.name} page has a language, a title, one heading and one main part`, () => {
    assert.deepEqual(
      of(elements, 'html').map((element) => attribute(element, 'lang')),
      ['en'],
    )
    assert.match(of(elements, 'title').map(textOf).join(), /\S/)
    assert.equal(of(elements, 'h1').length, 1)
    assert.equal(of(elements, 'main').length, 1)
  })

  test(`WCAG 1.3.1, 1.3.5 and HTML §4.10.18.7 – every input of the ${sample.name} page has a label and a purpose`, () => {
    for (const input of elements.filter(isTyped)) {
      const labels = of(elements, 'label').filter((label) => attribute(label, 'for') === attribute(input, 'id'))
      assert.equal(labels.length, 1)
      assert.match(attribute(input, 'autocomplete') ?? '', /^(username|current-password|new-password|one-time-code)$/)
    }
  })

  test(`WCAG 4.1.2 – every reference of the ${sample.name} page leads to an element`, () => {
    const references = elements.flatMap((element) =>
      ['aria-describedby', 'aria-labelledby'].flatMap((name) => attribute(element, name)?.split(' ') ?? []),
    )
    for (const id of references) assert.ok(byId(html, id), id)
  })

  test(`WCAG 2.4.3 – at most one element of the ${sample.name} page takes the focus by itself`, () => {
    assert.ok(elements.filter((element) => attribute(element, 'autofocus') !== undefined).length <= 1)
  })
}

test('WCAG 3.3.1 – a refused form says so first: in the title, as an alert, and at its inputs', () => {
  const { html } = loginPage({
    clientName: 'Printer',
    action: '/login',
    csrf: 'x',
    username: 'alice',
    message: 'Wrong',
  })
  const alert = elementsOf(html).find((element) => attribute(element, 'role') === 'alert')
  assert.equal(alert && textOf(alert), 'Wrong')
  assert.match(textOf(of(elementsOf(html), 'title')[0] as Element), /^Error: /)
  for (const input of elementsOf(html).filter(isTyped)) {
    assert.equal(attribute(input, 'aria-describedby'), alert && attribute(alert, 'id'))
    assert.equal(attribute(input, 'aria-invalid'), 'true')
  }
})

test('a form without a message shows none', () => {
  const { html } = loginPage({ clientName: 'Printer', action: '/login', csrf: 'x' })
  assert.doesNotMatch(html, /role="alert"|aria-invalid="|Error:/)
})

test('the focus is where the person types first', () => {
  const focused = (username: string | undefined) =>
    elementsOf(loginPage({ clientName: 'Printer', action: '/login', csrf: 'x', username }).html)
      .filter((element) => attribute(element, 'autofocus') !== undefined)
      .map((element) => attribute(element, 'name'))
  assert.deepEqual(focused(undefined), ['username'])
  assert.deepEqual(focused('alice'), ['password'])
})

test('the names and ids of the forms are those of the contract', () => {
  const login = loginPage({ clientName: 'Printer', action: '/login', csrf: 'token' }).html
  assert.deepEqual(
    of(elementsOf(login), 'input').map((input) => attribute(input, 'name')),
    ['csrf', 'username', 'password'],
  )
  assert.equal(byId(login, 'login')?.tagName, 'button')
  const totp = totpPage({ action: '/login', csrf: 'token' }).html
  assert.equal(byId(totp, 'totp_code')?.tagName, 'input')
  assert.equal(byId(totp, 'verify')?.tagName, 'button')
})

test('T-CS-10 – consent names the client and the redirect host, and to deny is as easy as to allow', () => {
  const consent = {
    clientName: 'Good\u202eBank',
    redirectHost: 'client.example',
    username: 'alice',
    scopes: [],
    details: [],
    resources: [],
    action: '/consent',
    csrf: 'x',
  }
  const { html } = consentPage({ ...consent, unverified: true })
  const text = (id: string) => textOf(byId(html, id) as Element)
  assert.equal(text('client-name'), 'GoodBank')
  assert.equal(text('redirect-host'), 'client.example')
  assert.equal(text('unverified'), 'Unverified')
  const buttons = of(elementsOf(html), 'button')
  const described = buttons.map((button) => ['id', 'name', 'value', 'class'].map((name) => attribute(button, name)))
  assert.deepEqual(described, [
    ['consent-deny', 'decision', 'deny', undefined],
    ['consent-allow', 'decision', 'allow', undefined],
  ])
  assert.equal(byId(consentPage({ ...consent, unverified: false }).html, 'unverified'), undefined)
})

test('T-CS-10 – a redirect host is shown whole, however long', () => {
  const redirectHost = `${'accounts.good-bank.example.'.repeat(8)}evil.example`
  const { html } = consentPage({
    clientName: 'c',
    redirectHost,
    username: 'a',
    scopes: [],
    details: [],
    resources: [],
    action: '/consent',
    csrf: 'x',
    unverified: true,
  })
  assert.equal(textOf(byId(html, 'redirect-host') as Element), redirectHost)
})

const [lightColours, darkColours] = STYLE.split('prefers-color-scheme: dark').map(
  (css) => new Map([...css.matchAll(/--([a-z-]+): #([0-9a-f]{6});/g)].map((match) => [match[1], match[2]])),
)

const luminance = (hex: string): number => {
  const [red = 0, green = 0, blue = 0] = [0, 2, 4].map((start) => {
    const channel = Number.parseInt(hex.slice(start, start + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

const contrast = (colours: Map<string | undefined, string | undefined>, front: string, back: string): number => {
  const [a = 0, b = 0] = [front, back]
    .map((name) => luminance(colours.get(name) ?? assert.fail(name)))
    .sort((x, y) => y - x)
  return (a + 0.05) / (b + 0.05)
}

test('WCAG 1.4.3, 1.4.11 – text has a contrast of 4.5 and the edges of controls of 3, in light and dark', () => {
  const texts = [
    ['ink', 'surface'],
    ['ink', 'ground'],
    ['quiet', 'surface'],
    ['quiet', 'ground'],
    ['accent', 'surface'],
    ['accent-strong', 'surface'],
    ['on-accent', 'accent'],
    ['on-accent', 'accent-strong'],
    ['alarm', 'alarm-wash'],
    ['caution', 'caution-wash'],
    ['ink', 'caution-wash'],
  ]
  const edges = [
    ['edge', 'surface'],
    ['accent', 'surface'],
    ['alarm', 'surface'],
  ]
  for (const colours of [lightColours, darkColours]) {
    assert.ok(colours)
    for (const [front = '', back = ''] of texts) assert.ok(contrast(colours, front, back) >= 4.5, `${front} on ${back}`)
    for (const [front = '', back = ''] of edges) assert.ok(contrast(colours, front, back) >= 3, `${front} on ${back}`)
  }
})

test('the style respects the wishes of the system: scheme, motion, zoom', () => {
  assert.match(STYLE, /prefers-color-scheme: dark/)
  assert.match(STYLE, /prefers-reduced-motion: no-preference\) \{[^}]*transition/)
  assert.doesNotMatch(STYLE, /animation|outline: none/)
  for (const sample of samples) assert.doesNotMatch(sample.render(plain).html, /user-scalable|maximum-scale/)
})
