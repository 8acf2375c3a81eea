import type { ChatRequest } from '../protocol/request.ts'

/** A request whose answer goes on with what was said already. */
export function withBeginning(request: ChatRequest, said: string | undefined): ChatRequest {
  if (said === undefined) return request
  const begun = { role: 'assistant' as const, parts: [{ type: 'text' as const, text: said }] }
  return { ...request, messages: [...request.messages, begun] }
}
