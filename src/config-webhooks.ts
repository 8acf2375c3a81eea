import { z } from 'zod'

/** The table `[webhooks]`. */
export const webhooksSchema = z.strictObject({
  /** Whether endpoints may be at addresses that are not of the public Internet. */
  allow_private_networks: z.boolean().default(false),
  /** Whether endpoints may do without TLS. */
  allow_http: z.boolean().default(false),
  /** How long an endpoint may take to answer. */
  timeout_ms: z.number().int().min(100).max(120_000).default(15_000),
  /** How long deliveries are kept. */
  retention_days: z.number().int().min(4).max(3_650).default(30),
  /** For how many days an endpoint may fail until it is disabled. */
  disable_after_days: z.number().min(0.01).max(3_650).default(5),
})

/** The same in our own names. */
export function webhookNames(table: z.infer<typeof webhooksSchema>) {
  return {
    allowPrivateNetworks: table.allow_private_networks,
    allowHttp: table.allow_http,
    timeoutMs: table.timeout_ms,
    retentionDays: table.retention_days,
    disableAfterDays: table.disable_after_days,
  }
}

export type WebhooksTable = ReturnType<typeof webhookNames>
