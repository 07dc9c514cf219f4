/** One change of the schema. Once released it is never edited: its checksum is remembered wherever it ran. */
export type Dialect = 'sqlite' | 'postgresql' | 'mysql'

export type Migration = {
  /** Four digits in the order of running, then what it is about. */
  id: string
  /**
   * Plain SQL without a semicolon at its end, one statement each. MySQL keeps every statement that ran when a later one
   * fails, so one that ran before must do no harm when it runs again.
   */
  statements(dialect: Dialect): string[]
}
