/** ISO/IEC 18004 – a QR code as inline SVG: nothing to fetch, no script, and no data that could become markup. */
import { encodeQR } from 'qr'
import { type Html, html } from './html.ts'

/** The quiet zone that the standard asks for, in modules. */
const QUIET = 4

/** One rectangle for each run of dark modules of a row. */
const runsOf = (row: boolean[], y: number): string[] => {
  const modules = row.map((isDark) => (isDark ? '1' : '0')).join('')
  return [...modules.matchAll(/1+/g)].map(({ 0: { length }, index }) => `M${index} ${y}h${length}v1h-${length}z`)
}

export const qrCode = (text: string, label: string): Html => {
  const rows = encodeQR(text, 'raw', { ecc: 'medium', border: QUIET })
  const path = rows.flatMap(runsOf).join('')
  return html`<svg class="qr" role="img" aria-label="${label}" viewBox="0 0 ${rows.length} ${rows.length}" shape-rendering="crispEdges"><path fill="#ffffff" d="M0 0h${rows.length}v${rows.length}H0z"/><path fill="#000000" d="${path}"/></svg>`
}
