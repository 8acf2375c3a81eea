import type { ChatRequest } from '../protocol/request.ts'
import type { Decision } from '../protocol/routing.ts'
import { withUser } from './end-user.ts'
import { explain, type RouteDeps } from './route.ts'
import { chatQuery, type Caller } from './routing/query.ts'

/** Where a completion would go now, and why; nothing is called and nothing is noted. */
export function explainRoute(deps: RouteDeps, request: ChatRequest, caller: Caller): Decision {
  return explain(deps, chatQuery(request, withUser(caller, request)))
}
