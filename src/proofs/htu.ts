/** RFC 9449 §4.3 check 9 – whether two spellings of an address name the same one. */

/** RFC 3986 §6.2.2 and §6.2.3 – case of scheme and host, the default port; query and fragment do not count. */
const normalized = (address: string): string | undefined => {
  const url = URL.parse(address)
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '') return undefined
  return `${url.origin}${url.pathname}`
}

export const isSameTarget = (htu: string, urls: readonly string[]): boolean => {
  const target = normalized(htu)
  return target !== undefined && urls.some((url) => normalized(url) === target)
}
