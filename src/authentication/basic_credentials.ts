/** RFC 7617 – username and password of an Authorization header, in UTF-8. */

const MAX_CHARACTERS = 4_096

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

const decode = (base64: string): string | undefined => {
  if (!BASE64.test(base64)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(base64, 'base64'))
  } catch {
    return undefined
  }
}

/** RFC 7617 §2 – the first colon ends the username. Undefined for another scheme and for anything malformed. */
export const parseBasicCredentials = (authorization: string): { username: string; password: string } | undefined => {
  if (authorization.length > MAX_CHARACTERS) return undefined
  const [, base64] = /^Basic +(\S+)$/i.exec(authorization) ?? []
  const text = base64 === undefined ? undefined : decode(base64)
  const colon = text?.indexOf(':') ?? -1
  if (text === undefined || colon < 1) return undefined
  return { username: text.slice(0, colon), password: text.slice(colon + 1) }
}
