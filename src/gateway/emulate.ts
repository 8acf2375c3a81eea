import type { ChatRequest, Message } from '../protocol/request.ts'
import type { Deployment } from './catalogue.ts'

/** The request in the words that the deployment has, where the gateway itself reaches the same in another way. */
export function emulate({ provider, model }: Deployment, request: ChatRequest): ChatRequest {
  if (request.suffix === undefined) return request
  const support = provider.supportOf?.(model) ?? provider.support
  if (support.suffix === 'native') return request
  const { suffix, ...rest } = request
  return { ...rest, messages: [followedBy(suffix), ...request.messages] }
}

function followedBy(suffix: string): Message {
  const text =
    'Continue the text of the user so that the text below follows on from it without a break. ' +
    `Write the continuation alone, not the text below.\n\n${suffix}`
  return { role: 'system', parts: [{ type: 'text', text }] }
}
