import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OAuthError } from '../../../src/oauth/errors.ts'
import { parsePrompt } from '../../../src/oauth/prompt.ts'

const isInvalidRequest = (error: unknown): boolean => error instanceof OAuthError && error.code === 'invalid_request'

for (const prompt of ['none login', 'consent none', 'create', 'LOGIN', 'login signup']) {
  test(`OpenID Connect Core §3.1.2.1 – prompt "${prompt}" is refused`, () => {
    assert.throws(() => parsePrompt(prompt), isInvalidRequest)
  })
}

test('OpenID Connect Core §3.1.2.1 – prompts are a list in which order and repetition mean nothing', () => {
  assert.deepEqual(parsePrompt('login consent login'), ['login', 'consent'])
  assert.deepEqual(parsePrompt('none'), ['none'])
  assert.deepEqual(parsePrompt(undefined), [])
})
