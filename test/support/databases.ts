/** A database to run a gateway process on. */
export interface DatabaseUnderTest {
  name: string
  /** The variables that point a gateway at a fresh one. */
  environment: () => Promise<Record<string, string>>
}

export function databasesUnderTest(): DatabaseUnderTest[] {
  return [{ name: 'PGlite', environment: async () => ({}) }]
}
