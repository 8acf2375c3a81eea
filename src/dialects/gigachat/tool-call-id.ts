import { randomUUID } from 'node:crypto'

/** OpenAI refuses ids of more than 40 characters, so with a UUID there is no room for more. */
const prefix = 'gch_'
const carried = /^[A-Za-z0-9_-]{1,36}$/

/**
 * An id for a call, of which the wire has none. It carries the `functions_state_id` of the call,
 * so that the state finds its way back with the client's next turn and nothing has to be kept.
 */
export function toolCallId(state?: string): string {
  if (state !== undefined && carried.test(state)) return prefix + state
  return `call_${randomUUID().replaceAll('-', '').slice(0, 24)}`
}

/** The `functions_state_id` in an id of ours; undefined for a call without one, or of another provider. */
export function stateOf(id: string): string | undefined {
  return id.startsWith(prefix) ? id.slice(prefix.length) : undefined
}
