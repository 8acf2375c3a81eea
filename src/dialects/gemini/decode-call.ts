import { newId } from '../../lib/id.ts'
import type { ChatEvent } from '../../protocol/event.ts'
import type { Signature } from '../../protocol/request.ts'
import { isRecord, text } from '../narrow.ts'
import { type PartialArguments, partialArguments } from './partial-arguments.ts'

/** The calls of one candidate. */
export interface Calls {
  choice: number
  count: number
  /** The call whose arguments still come in pieces. */
  open: PartialArguments | undefined
}

/** A call comes whole, or in pieces of which the first has the name and the last does not continue. */
export function pushCall(
  calls: Calls,
  { call, signature }: { call: Record<string, unknown>; signature: Signature | undefined },
  out: ChatEvent[],
): void {
  const name = text(call['name'])
  if (name !== undefined) startCall(calls, { name, id: text(call['id']), signature }, out)
  if (!calls.open) return
  const { args } = call
  if (isRecord(args)) Object.assign(calls.open.whole(), args)
  calls.open.add(call['partialArgs'])
  if (call['willContinue'] !== true) endCall(calls, out)
}

/** The candidate is complete, and with it a call whose last piece did not come. */
export function endCall(calls: Calls, out: ChatEvent[]): void {
  if (!calls.open) return
  const place = { choice: calls.choice, index: calls.count - 1 }
  const argumentsDelta = JSON.stringify(calls.open.whole())
  calls.open = undefined
  out.push({ type: 'tool-call-delta', ...place, argumentsDelta })
  out.push({ type: 'tool-call-end', ...place })
}

interface Opening {
  name: string
  id: string | undefined
  signature: Signature | undefined
}

function startCall(
  calls: Calls,
  { name, id = newId('call'), signature }: Opening,
  out: ChatEvent[],
): void {
  endCall(calls, out)
  calls.open = partialArguments()
  const { choice, count: index } = calls
  calls.count += 1
  const signed = signature && { signature }
  out.push({ type: 'tool-call-start', choice, index, id, kind: 'function', name, ...signed })
}
