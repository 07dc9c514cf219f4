/** The files of the tree, for what is counted of them. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

export const read = (path: string): string => readFileSync(join(root, path), 'utf8')

export const files = (pattern: string): string[] => globSync(pattern, { cwd: root }).sort()

export const unique = (values: string[]): string[] => [...new Set(values)]

export type Report = {
  lines: string[]
  /** What is told after everything else. */
  summary: string[]
  isComplete: boolean
}
