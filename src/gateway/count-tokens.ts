import type { ChatRequest } from '../protocol/request.ts'
import { admit } from './admit.ts'
import type { Call } from './call.ts'
import type { Deployment } from './catalogue.ts'
import type { GatewayDeps } from './deps.ts'
import { withUser } from './end-user.ts'
import { estimatePrompt } from './estimate.ts'
import { noDemand } from './limits/demand.ts'
import { reserve } from './reserve.ts'
import { route } from './route.ts'
import { chatQuery } from './routing/query.ts'

/** How many tokens a prompt has for the deployment to which it would go first. */
export interface PromptCount {
  inputTokens: number
  /** True when it was counted here, because the provider offers no counting. */
  estimated: boolean
}

/** Counts a prompt for whoever may make the completion; it calls no model and costs nothing. */
export async function countTokens(
  deps: GatewayDeps,
  request: ChatRequest,
  call: Call,
): Promise<PromptCount> {
  const routed = route(deps, chatQuery(request, call))
  const { first } = admit(deps, call, routed).order
  const counted = await limited(deps, call, { request, first })
  if (counted !== undefined) return { inputTokens: counted, estimated: false }
  return { inputTokens: await estimatePrompt(request), estimated: true }
}

/** It takes a request of the limits, and neither tokens nor money. */
async function limited(
  deps: GatewayDeps,
  call: Call,
  { request, first }: { request: ChatRequest; first: Deployment },
): Promise<number | undefined> {
  const named = withUser(call, request)
  const order = { first, others: () => [] }
  const reservation = await reserve(deps, { call: named, order, demand: noDemand })
  try {
    return await deps.countUpstream(first, request)
  } finally {
    reservation?.settle([], 0)
  }
}
