import type { ChatApi } from '../../protocol/chat-api.ts'
import type { ChatRequest } from '../../protocol/request.ts'
import { decodeAnthropicError } from './decode-error.ts'
import { decodeMessageBody, decodeMessageEvents } from './decode-events.ts'
import { anthropicMessages } from './dialect.ts'
import { encodeMessageRequest } from './encode-request.ts'
import { traitsOf } from './model-traits.ts'

export interface MessagesOptions {
  /** The most that a model writes, where it is known. */
  maxOutputTokens?: (model: string) => number | undefined
}

/** Completions as Anthropic's Messages API speaks them. */
export function anthropicMessagesApi({ maxOutputTokens }: MessagesOptions = {}): ChatApi {
  return {
    dialect: anthropicMessages,
    path: () => '/v1/messages',
    prefills: (model) => traitsOf(model).prefill,
    headers: messageHeaders,
    encodeRequest: (request, model) =>
      encodeMessageRequest(request, { model, maxOutputTokens: maxOutputTokens?.(model) }),
    decodeEvents: decodeMessageEvents,
    decodeBody: decodeMessageBody,
    decodeError: decodeAnthropicError,
  }
}

/** The version that every request must name. */
export const anthropicVersion = { 'anthropic-version': '2023-06-01' }

/** With the betas that the client opted in to; files by their id are one. */
export function messageHeaders(request: ChatRequest): Record<string, string> {
  const own = request.passthrough?.dialect === anthropicMessages ? request.passthrough : undefined
  const asked = own?.headers?.['anthropic-beta']?.split(',').map((beta) => beta.trim()) ?? []
  const needed = request.messages.some(namesFiles) ? [filesBeta] : []
  const betas = new Set([...asked, ...needed].filter((beta) => beta !== ''))
  return { ...anthropicVersion, ...(betas.size > 0 && { 'anthropic-beta': [...betas].join(',') }) }
}

const filesBeta = 'files-api-2025-04-14'

function namesFiles({ parts }: ChatRequest['messages'][number]): boolean {
  return parts.some((part) => 'fileId' in part)
}
