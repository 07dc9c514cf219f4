/** `auth_server check_config [CONFIG]` – every problem of a configuration file, or `ok`. */
import { processEnvironment } from '../config/environment.ts'
import { DEFAULT_CONFIG_PATH, loadConfig } from '../config/load.ts'

/** Throws ConfigError, whose problems the caller prints. */
export const run = async ([file = DEFAULT_CONFIG_PATH]: string[]): Promise<number> => {
  const { warnings } = loadConfig(file, processEnvironment())
  for (const warning of warnings) process.stderr.write(`${file}: warning: ${warning}\n`)
  process.stdout.write('ok\n')
  return 0
}
