/** A test for each module of the FAPI 2.0 plans and each combination that it runs with. */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { type Answer, errorCodeOf } from '../client.ts'
import { COMBINATIONS, type Combination, nameOf, PAIRWISE } from './combinations.ts'
import { createFapi2Client, type Fapi2Client } from './fapi2_client.ts'
import { openSuite, type Suite } from './suite.ts'

export type Running = { suite: Suite; combination: Combination; one: Fapi2Client; two: Fapi2Client }

/** In CI all of them; elsewhere eight, in which every two values of two kinds meet. */
const CHOSEN = process.env.AUTH_SERVER_TEST_REQUIRE === 'all' ? COMBINATIONS : PAIRWISE

type Work = (running: Running) => Promise<void>

/** Registers the test of a module; `runsWith` for one that not every combination has. */
export type Module = (name: string, work: Work, runsWith?: (combination: Combination) => boolean) => void

export const fapi2Modules = (family: string, declare: (module: Module) => void): void => {
  describe(family, () => {
    let suite: Suite
    before(async () => {
      suite = await openSuite()
    })
    after(() => suite.close())
    afterEach(() => suite.resetClock())

    const run = async (combination: Combination, work: Work): Promise<void> => {
      const parties = await suite.parties(combination)
      const one = createFapi2Client(suite, combination, parties.one)
      const two = createFapi2Client(suite, combination, parties.two)
      await work({ suite, combination, one, two })
    }

    declare((name, work, runsWith = () => true) => {
      for (const combination of CHOSEN.filter(runsWith))
        test(`${name} – ${nameOf(combination)}`, () => run(combination, work))
    })
  })
}

/** In JSON, with one of these statuses and codes; the description printable and on one line. */
export const isRefused = (answer: Answer, statuses: number | number[], codes: string | string[]): void => {
  const { error, error_description: description = '' } = answer.json<{ error: string; error_description?: string }>()
  assert.ok([codes].flat().includes(error), `${error}: ${description}`)
  assert.ok([statuses].flat().includes(answer.status), `${answer.status}`)
  assert.match(description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/)
}

/** An error of the client's own at its redirect URI, or a page that shows one; never a code. */
export const isErrorOrPage = (answer: URLSearchParams | Answer, codes: string | string[]): void => {
  if (answer instanceof URLSearchParams) {
    assert.equal(answer.get('code'), null)
    assert.ok([codes].flat().includes(answer.get('error') ?? ''), `${answer}`)
  } else {
    assert.equal(answer.status, 400)
    assert.ok([codes].flat().includes(errorCodeOf(answer.body) ?? ''), answer.body)
  }
}
