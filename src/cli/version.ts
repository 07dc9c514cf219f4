/** `auth_server version` */
import { VERSION } from '../system/version.ts'

export const run = async (): Promise<number> => {
  process.stdout.write(`${VERSION}\n`)
  return 0
}
