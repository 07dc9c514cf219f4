/** A configuration that the server refuses to start with: every problem of it, not the first one alone. */

/** EX_CONFIG of sysexits(3). */
const CONFIG_EXIT_STATUS = 78

export class ConfigError extends Error {
  readonly file: string
  /** Each `key.path: found …, expected …`, in one line; never the value of a secret. */
  readonly problems: readonly string[]
  readonly exitStatus = CONFIG_EXIT_STATUS

  constructor(file: string, problems: readonly string[]) {
    super(problems.map((problem) => `${file}: ${problem}`).join('\n'))
    this.name = 'ConfigError'
    this.file = file
    this.problems = problems
  }
}
