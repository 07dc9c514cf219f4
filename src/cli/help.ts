/** `auth_server help` */
import { commandTable } from './command_table.ts'

export const run = async (): Promise<number> => {
  const rows = Object.values(commandTable)
  const width = Math.max(...rows.map(({ usage }) => usage.length))
  const lines = rows.map(({ usage, summary }) => `  auth_server ${usage.padEnd(width)}  ${summary}`)
  process.stdout.write(`auth_server [CONFIG]\n\n${lines.join('\n')}\n`)
  return 0
}
