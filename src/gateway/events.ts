/** Something that happened in an organisation and that somebody may want to be told of. */
export interface GatewayEvent {
  /** As `budget.threshold`. */
  type: string
  organization: string
  /** JSON; amounts are decimal strings. */
  data: Record<string, unknown>
}

/** Hands an event on; never throws and is not waited for. */
export type EmitEvent = (event: GatewayEvent) => void
