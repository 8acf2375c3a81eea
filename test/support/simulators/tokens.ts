import type { CompletionRequest, RequestMessage } from './openai-request.ts'

/** Cuts a text into tokens that join to the text: a word with its space, or a run of signs. */
export function tokenize(text: string): string[] {
  return text.match(/\s?[\p{L}\p{M}\p{N}_'’]+|\s*[^\s\p{L}\p{M}\p{N}_'’]+|\s+/gu) ?? []
}

/** Three tokens a message and three for the answer's opening, as OpenAI counts chat prompts. */
export function promptTokens(request: CompletionRequest): string[] {
  const tools = request.tools?.length ? tokenize(JSON.stringify(request.tools)) : []
  const schema = request.response_format?.json_schema
  const format = schema ? tokenize(JSON.stringify(schema)) : []
  const messages = request.messages.flatMap((message) => [
    '<start>',
    message.role,
    '<end>',
    ...messageTokens(message),
  ])
  return [...tools, ...format, ...messages, '<start>', 'assistant', '<message>']
}

function messageTokens({ content, tool_calls: calls }: RequestMessage): string[] {
  const parts = typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? [])
  const called = (calls ?? []).flatMap((call) => {
    const { name, text } = calledWith(call)
    return [name, ...tokenize(text)]
  })
  return [...parts.flatMap(partTokens), ...called]
}

type Part = Exclude<RequestMessage['content'], string | null | undefined>[number]
type Call = NonNullable<RequestMessage['tool_calls']>[number]

function partTokens(part: Pick<Part, 'type' | 'text' | 'refusal' | 'image_url'>): string[] {
  if (part.image_url) {
    const length = part.image_url.detail === 'low' ? 85 : 765
    return Array.from({ length }, () => '<image>')
  }
  return tokenize(part.text ?? part.refusal ?? '')
}

function calledWith(call: Call): { name: string; text: string } {
  return {
    name: call.function?.name ?? call.custom?.name ?? '',
    text: call.function?.arguments ?? call.custom?.input ?? '',
  }
}
