/** Something that happened in an organisation and that somebody may want to be told of. */
export interface GatewayEvent {
  /** As `budget.threshold`. */
  type: WebhookEvent
  organization: string
  /** What happened: an event of the organisation with the same key is the same one, also from another instance. */
  key: string
  at: Date
  /** JSON; amounts are decimal strings. */
  data: Record<string, unknown>
}

/** What endpoints can listen to. */
export const webhookEvents = ['budget.threshold', 'budget.exceeded', 'usage.daily'] as const
export type WebhookEvent = (typeof webhookEvents)[number]

/** Hands an event on; never throws and is not waited for. */
export type EmitEvent = (event: GatewayEvent) => void
