import type { Database } from '../../db/client.ts'

/** What the verbs on webhooks need. */
export interface WebhookDeps {
  db: Database
  webhooks: WebhookSettings
}

export interface WebhookSettings {
  /** Encrypts the secrets of endpoints at rest. */
  sealKey: Buffer
  policy: UrlPolicy
  /** Has this instance look for what is due at once. */
  wake: () => void
}

/** Where endpoints may be. */
export interface UrlPolicy {
  /** Also addresses that are not of the public Internet. */
  allowPrivateNetworks: boolean
  /** Also without TLS. */
  allowHttp: boolean
}
