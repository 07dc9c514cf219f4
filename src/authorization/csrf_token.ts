/**
 * T-CS-01 – what a form carries to show that a page of ours was where it came from: made from the secret that its browser
 * keeps in a cookie, so that nothing has to be stored.
 */
import { OAuthError } from '../oauth/errors.ts'
import { constantTimeEquals, hmacSha256 } from '../system/hashing.ts'

/** As `Random` makes it; whatever else a browser sends is replaced. */
export const isBrowserSecret = (text: string | undefined): text is string =>
  text !== undefined && /^[A-Za-z0-9_-]{43}$/.test(text)

/** `purpose` names all that the form decides about, so that a token of one page is none of another. */
export const csrfToken = (browserSecret: string, purpose: readonly string[]): string =>
  hmacSha256(browserSecret, JSON.stringify(purpose))

/** Throws forbidden. */
export const requireCsrfToken = (
  token: string | undefined,
  browserSecret: string | undefined,
  purpose: readonly string[],
): void => {
  if (
    token === undefined ||
    !isBrowserSecret(browserSecret) ||
    !constantTimeEquals(token, csrfToken(browserSecret, purpose))
  ) {
    throw new OAuthError('forbidden', 'The form is not the one that this page last showed. Go back and try again', {
      hint: 'CSRF token',
    })
  }
}
