import type { Ledger, LedgerEntry } from '../../src/gateway/ledger.ts'

/** A ledger that only remembers, for tests of what is not about the ledger. */
export function memoryLedger(entries: LedgerEntry[] = []): Ledger {
  return {
    open: async () => {},
    settle: async (entry) => void entries.push(entry),
    flush: async () => {},
    backlog: () => 0,
  }
}
