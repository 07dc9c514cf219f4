/** After the first administrator was created: what to do next. */
import { checkedUrl, html } from './html.ts'
import { type Page, toPage } from './layout.ts'

const shellQuoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

type SetupDone = { username: string; issuer: string; realmId: string }

export const setupDonePage = ({ username, issuer, realmId }: SetupDone): Page =>
  toPage({
    title: 'Administrator created',
    body: html`<h1>Administrator created</h1>
<p class="quiet"><strong><bdi>${username}</bdi></strong> now administers this server.</p>
<h2>Sign in to the administration API</h2>
<pre><code>curl -c cookies -u ${shellQuoted(username)} -X POST '${checkedUrl(issuer)}/login?realm=_'</code></pre>
<p class="quiet">With the development certificates add <code>--cacert certificates/ca.crt</code>.</p>
<h2>Register a client</h2>
<pre><code>curl -b cookies --json '{"redirect_uris":["https://app.example/callback"]}' '${checkedUrl(issuer)}/admin/realm/${realmId}/client'</code></pre>`,
  })
