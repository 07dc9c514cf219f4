/** Reads the TOML file: size, encoding and syntax. TOML v1.0.0. */
import { parse, TomlError } from 'smol-toml'
import { ConfigError } from './config_error.ts'
import { readText } from './files.ts'

export type Tree = { [key: string]: unknown }

/** Deeper than any value of the schema, and shallow enough for every recursion over it. */
const MAX_DEPTH = 32

const parseToml = (file: string, text: string): Tree => {
  try {
    // Keys that reach for a prototype are in no schema, so that refusing them loses nothing.
    return parse(text, { maxDepth: MAX_DEPTH, integersAsBigInt: 'asNeeded', unsafeKeyBehaviour: 'throw' })
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    // Its further lines quote the file, which may hold secrets.
    const reason = error.message.split('\n', 1)[0]?.replace('Invalid TOML document: ', '')
    throw new ConfigError(file, [`line ${error.line}, column ${error.column}: ${reason}`])
  }
}

export const readToml = (file: string): Tree => {
  const result = readText(file)
  if ('found' in result) throw new ConfigError(file, [`found ${result.found}, expected a TOML file`])
  return parseToml(file, result.text)
}
