/** The composing tag: text is escaped, Html is not, and nothing else passes for Html. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { html, render, trusted } from '../../../src/pages/html.ts'

test('T-XS-03 – text is escaped, between tags and inside attributes', () => {
  assert.equal(render(html`<p title="${`"'`}">${'<&>'}</p>`), '<p title="&quot;&#39;">&lt;&amp;&gt;</p>')
})

test('T-XS-03 – an object that looks like Html is text', () => {
  const forged: unknown = JSON.parse('{"markup":"<b>","Symbol(markup)":"<b>"}')
  assert.equal(render(html`${forged as string}`), '[object Object]')
})

test('T-XS-03 – the members of a list are escaped one by one', () => {
  assert.equal(render(html`${[html`<b>`, '<i>' as never]}`), '<b>&lt;i&gt;')
})

test('fragments, lists, numbers and nothing compose', () => {
  assert.equal(
    render(html`${html`<b>${1}</b>`}${[html`<i>`, html`</i>`]}${undefined}${''}${trusted('<u>')}`),
    '<b>1</b><i></i><u>',
  )
})
