/** The parts of a form: a labelled input, the CSRF token, what went wrong. */
import { type Html, html } from './html.ts'

type Field = {
  /** Also the id. */
  name: string
  label: string
  type: 'text' | 'password'
  /** HTML §4.10.18.7 – lets a password manager fill in the right thing. */
  autocomplete: 'username' | 'current-password' | 'new-password' | 'one-time-code'
  value?: string | undefined
  hint?: string
  autofocus?: boolean
  /** Set when the form came back with a message: the input then refers to it. */
  refused?: boolean
  attributes?: Html
}

const MESSAGE_ID = 'message'

const PASSWORD_LENGTH = html` maxlength="1024"`

const describedBy = (field: Field): Html | undefined => {
  const ids = [field.refused ? MESSAGE_ID : undefined, field.hint ? `${field.name}-hint` : undefined].filter(
    (id) => id !== undefined,
  )
  return ids.length > 0 ? html` aria-describedby="${ids.join(' ')}"` : undefined
}

export const field = (field: Field): Html => html`<div class="field">
<label for="${field.name}">${field.label}</label>
<input id="${field.name}" name="${field.name}" type="${field.type}" autocomplete="${field.autocomplete}" required${
  field.value === undefined ? undefined : html` value="${field.value}"`
}${field.type === 'password' ? PASSWORD_LENGTH : undefined}${field.attributes}${describedBy(field)}${
  field.refused ? html` aria-invalid="true"` : undefined
}${field.autofocus ? html` autofocus` : undefined}>
${field.hint && html`<p class="hint" id="${field.name}-hint">${field.hint}</p>`}</div>`

export const usernameField = (options: Pick<Field, 'value' | 'autofocus' | 'refused'>): Html =>
  field({
    name: 'username',
    label: 'Username',
    type: 'text',
    autocomplete: 'username',
    attributes: html` maxlength="256" autocapitalize="none" autocorrect="off" spellcheck="false"`,
    ...options,
  })

/** RFC 6238 – `totp_code`: digits, and the keyboard for them. */
export const codeField = (options: Pick<Field, 'hint' | 'autofocus' | 'refused'>): Html =>
  field({
    name: 'totp_code',
    label: 'One-time code',
    type: 'text',
    autocomplete: 'one-time-code',
    attributes: html` class="code" inputmode="numeric" maxlength="16" autocapitalize="none" spellcheck="false"`,
    ...options,
  })

export const csrfField = (csrf: string): Html => html`<input type="hidden" name="csrf" value="${csrf}">`

export const alert = (message: string | undefined): Html | undefined =>
  message === undefined ? undefined : html`<p class="alert" role="alert" id="${MESSAGE_ID}">${message}</p>`

/** The title is the first thing that a screen reader says, so it begins with the bad news. */
export const titled = (title: string, message: string | undefined): string =>
  message === undefined ? title : `Error: ${title}`
