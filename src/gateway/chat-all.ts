import type { ChatEvent, End } from '../protocol/event.ts'
import type { ChatRequest } from '../protocol/request.ts'
import { tokenClasses, type Usage } from '../protocol/usage.ts'
import type { Call } from './call.ts'
import { chat, chatInLists } from './chat.ts'
import type { GatewayDeps } from './deps.ts'
import type { Events } from './running-attempt.ts'

/** Several completions, one after the other, as one answer: the choices of each follow those before it. */
export function chatAll(
  deps: GatewayDeps,
  requests: readonly [ChatRequest, ...ChatRequest[]],
  call: Call,
): AsyncGenerator<Events> {
  return requests.length === 1 ? chatInLists(deps, requests[0], call) : inTurn(deps, requests, call)
}

async function* inTurn(
  deps: GatewayDeps,
  requests: readonly ChatRequest[],
  call: Call,
): AsyncGenerator<Events> {
  const ends: End[] = []
  const warnings = new Set<string>()
  let choices = 0
  for (const [index, request] of requests.entries()) {
    // Each is a request of its own on the ledger.
    const requestId = index === 0 ? call.requestId : `${call.requestId}-${index + 1}`
    for await (const event of chat(deps, request, { ...call, requestId })) {
      if (event.type === 'end') {
        ends.push(event)
        continue
      }
      if (event.type === 'usage') continue
      if (event.type === 'warning' && warnings.has(event.message)) continue
      if (event.type === 'warning') warnings.add(event.message)
      yield [moved(event, choices)]
      if (event.type === 'error') return
    }
    if (ends.length <= index) return
    choices += request.choices ?? 1
  }
  const [first] = ends
  if (!first) return
  const usage = sumOf(ends.map(({ settlement }) => settlement.usage))
  if (usage) yield [{ type: 'usage', usage }]
  const attempts = ends.flatMap(({ settlement }) => settlement.attempts)
  yield [{ type: 'end', settlement: { ...first.settlement, attempts, usage } }]
}

function moved(event: ChatEvent, by: number): ChatEvent {
  return 'choice' in event && event.choice !== undefined
    ? { ...event, choice: event.choice + by }
    : event
}

/** A class is known when each of the answers knows it. */
function sumOf(usages: readonly (Usage | undefined)[]): Usage | undefined {
  const known = usages.filter((usage) => usage !== undefined)
  if (known.length < usages.length) return undefined
  const sum: Usage = { estimated: known.some(({ estimated }) => estimated) }
  for (const name of [...tokenClasses, 'totalTokens'] as const) {
    const counts = known.flatMap((usage) => usage[name] ?? [])
    if (counts.length === known.length) sum[name] = counts.reduce((all, count) => all + count, 0)
  }
  return sum
}
