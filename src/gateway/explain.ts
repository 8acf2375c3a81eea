import type { ChatRequest } from '../protocol/request.ts'
import type { Decision } from '../protocol/routing.ts'
import type { Call } from './call.ts'
import { withUser } from './end-user.ts'
import { explain, type RouteDeps } from './route.ts'
import { chatQuery } from './routing/query.ts'

/** Where a completion would go now, and why; nothing is called and nothing is noted. */
export function explainRoute(
  deps: RouteDeps,
  request: ChatRequest,
  caller: Pick<Call, 'actor' | 'hints' | 'tags' | 'user'>,
): Decision {
  return explain(deps, chatQuery(request, withUser(caller, request)))
}
