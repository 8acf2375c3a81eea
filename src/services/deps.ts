import type { Database } from '../db/client.ts'
import type { Bus } from '../redis/bus.ts'
import type { WebhookSettings } from './webhooks/deps.ts'

/** What the control plane needs from outside. */
export interface ServiceDeps {
  db: Database
  /** Turns an API key into the hash under which it is stored. */
  hashApiKey: (key: string) => Buffer
  /** Tells other instances of what changed. */
  bus: Pick<Bus, 'publish'>
  /** Removes kept answers; absent where none are kept. */
  answers?: { invalidate(organization: string, label: string): Promise<number> } | undefined
  /** Reads wait until what was settled so far is written. */
  ledger: { flush(): Promise<void> }
  webhooks: WebhookSettings
}
