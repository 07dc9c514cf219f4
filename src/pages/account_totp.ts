/** RFC 6238 – the pages on which a signed-in person sets up an authenticator app, and switches it off again. */
import { visibleText } from './display_text.ts'
import { alert, codeField, csrfField, field, titled } from './form.ts'
import { checkedUrl, html } from './html.ts'
import { type Page, toPage } from './layout.ts'
import { qrCode } from './qr_code.ts'

type Form = { action: string; csrf: string; username: string; message?: string | undefined }

type Enrolment = Form & {
  secretBase32: string
  otpauthUrl: string
  algorithm: string
  /** Seconds. */
  step: number
}

const inGroups = (secret: string): string => secret.replace(/.{4}(?=.)/g, '$& ')

/** Posts `totp_code` and the `secret` that was shown; the button is `#enable`. */
export const enrolTotpPage = (enrolment: Enrolment): Page => {
  const { action, csrf, username, message, secretBase32, otpauthUrl } = enrolment
  return toPage({
    title: titled('Set up one-time codes', message),
    body: html`<h1>Set up one-time codes</h1>
<p class="quiet">Once they are on, <strong><bdi>${visibleText(username)}</bdi></strong> signs in with the password and a code of an authenticator app.</p>
${alert(message)}
<h2>1. Scan this with your app</h2>
${qrCode(otpauthUrl, 'QR code for your authenticator app. The key below says the same.')}
<p class="small">Or enter this key by hand: <code class="secret" id="secret">${inGroups(secretBase32)}</code></p>
<p class="small quiet">Time-based, 6 digits, ${enrolment.algorithm}, every ${enrolment.step} seconds.</p>
<h2>2. Enter the code that it shows</h2>
<form method="post" action="${checkedUrl(action)}" autocomplete="off">
${csrfField(csrf)}
<input type="hidden" name="secret" value="${secretBase32}">
${codeField({ refused: message !== undefined })}
<button type="submit" id="enable" name="action" value="enable">Switch on</button>
</form>`,
  })
}

/** One-time codes are on. Posts `totp_code`; the buttons are `#replace-recovery-codes` and `#disable`. */
export const manageTotpPage = ({ action, csrf, username, message }: Form): Page =>
  toPage({
    title: titled('One-time codes are on', message),
    body: html`<h1>One-time codes are on</h1>
<p class="quiet"><strong><bdi>${visibleText(username)}</bdi></strong> signs in with a code of an authenticator app. To change that, enter a code that it shows now, or a recovery code.</p>
${alert(message)}
<form method="post" action="${checkedUrl(action)}">
${csrfField(csrf)}
${field({
  name: 'totp_code',
  label: 'One-time code',
  type: 'text',
  autocomplete: 'one-time-code',
  refused: message !== undefined,
  attributes: html` class="code" maxlength="64" autocapitalize="none" spellcheck="false"`,
})}
<button type="submit" id="replace-recovery-codes" name="action" value="replace_recovery_codes">Get new recovery codes</button>
<button type="submit" class="second" id="disable" name="action" value="disable">Switch off</button>
</form>`,
  })

/** The only time that they are seen. */
export const recoveryCodesPage = ({ codes, username }: { codes: readonly string[]; username: string }): Page =>
  toPage({
    title: 'Keep your recovery codes',
    body: html`<h1>Keep your recovery codes</h1>
<p class="quiet">One-time codes are on for <strong><bdi>${visibleText(username)}</bdi></strong>. Without your app, each of these signs you in once. They are not shown again: print them, or keep them where you keep your passwords.</p>
<ol class="codes" id="recovery-codes">
${codes.map((code) => html`<li><code>${code}</code></li>\n`)}</ol>
<p class="small quiet">Earlier recovery codes do not work any more.</p>`,
  })

export const totpDisabledPage = ({ username, again }: { username: string; again: string }): Page =>
  toPage({
    title: 'One-time codes are off',
    body: html`<h1>One-time codes are off</h1>
<p class="quiet"><strong><bdi>${visibleText(username)}</bdi></strong> signs in without a code from now on, and the recovery codes are void.</p>
<p class="small"><a href="${checkedUrl(again)}">Set them up again</a></p>`,
  })

/** For who is not signed in, or was asked for a password too long ago (`signOut` says where to begin). */
export const signInAgainPage = ({ signOut }: { signOut?: string | undefined }): Page =>
  toPage({
    title: 'Sign in again',
    body: signOut
      ? html`<h1>Sign in again</h1>
<p>You signed in more than five minutes ago. To change how you sign in, <a href="${checkedUrl(signOut)}" id="sign-out">sign out</a>, sign in at your application once more and come back to this page.</p>`
      : html`<h1>Sign in again</h1>
<p>Nobody is signed in at this browser. Sign in at your application and come back to this page within five minutes.</p>`,
  })
