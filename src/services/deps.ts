import type { Database } from '../db/client.ts'

/** What the control plane needs from outside. */
export interface ServiceDeps {
  db: Database
  /** Reads wait until what was settled so far is written. */
  ledger: { flush(): Promise<void> }
}
