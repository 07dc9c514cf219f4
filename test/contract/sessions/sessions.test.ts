/** One contract, every session store. */
import { testSessions } from './sessions_suite.ts'
import { testSessionStore } from './store_suite.ts'
import { stores } from './stores.ts'

for (const store of stores()) {
  testSessionStore(store)
  testSessions(store)
}
