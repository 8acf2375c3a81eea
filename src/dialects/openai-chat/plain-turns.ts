import type { ChatRequest, ContentPart, Message } from '../../protocol/request.ts'

/** The conversation for servers that know neither developers nor refusals; thoughts of earlier turns stay here. */
export function plainTurns(request: ChatRequest): ChatRequest {
  return { ...request, messages: request.messages.map(plainMessage) }
}

function plainMessage(message: Message): Message {
  return {
    ...message,
    role: message.role === 'developer' ? 'system' : message.role,
    parts: message.parts.filter(({ type }) => type !== 'reasoning').map(plainPart),
    extra: message.extra && withoutReasoning(message.extra),
  }
}

function plainPart(part: ContentPart): ContentPart {
  return part.type === 'refusal' ? { type: 'text', text: part.text } : part
}

function withoutReasoning({ reasoning: _reasoning, ...extra }: NonNullable<Message['extra']>) {
  return extra
}
