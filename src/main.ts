#!/usr/bin/env -S node --max-semi-space-size=4
/** The `auth_server` command. Nothing is imported before the version of Node.js is known to understand it. */

const OLDEST_NODE = 24

const run = async () => {
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
    process.stderr.write(`auth_server: found Node.js ${process.versions.node}, expected ${OLDEST_NODE} or newer\n`)
    return 78
  }
  const { runCommand } = await import('./cli/command.ts')
  return await runCommand(process.argv.slice(2))
}

process.exitCode = await run()
