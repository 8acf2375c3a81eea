import type { WebhookSettings } from '../../src/services/webhooks/deps.ts'

/** Webhooks of a gateway that sends none. */
export const silentWebhooks: WebhookSettings = {
  sealKey: Buffer.alloc(32),
  policy: { allowPrivateNetworks: false, allowHttp: false },
  wake: () => {},
}
