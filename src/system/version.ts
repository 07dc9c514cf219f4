/** The version of package.json, found from the source tree and from an installed package alike. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const findPackage = (directory: string): string => {
  const file = join(directory, 'package.json')
  if (existsSync(file)) return file
  if (dirname(directory) === directory) throw new Error('no package.json stands above the program')
  return findPackage(dirname(directory))
}

export const VERSION: string = (
  JSON.parse(readFileSync(findPackage(import.meta.dirname), 'utf8')) as { version: string }
).version
