import type { z } from 'zod'
import { invalidRequest, type GatewayError } from '../errors.ts'
import type { Call } from '../gateway/call.ts'
import { chatInLists } from '../gateway/chat.ts'
import type { Events } from '../gateway/running-attempt.ts'
import type { ChatRequest, ContentPart, Message } from '../protocol/request.ts'
import { toolFlaw, toolFlawWords, type ToolFlaw } from '../protocol/tool-flaw.ts'
import { completionInput, type ContentPartInput, type MessageInput } from './completion-schema.ts'
import type { GraphqlContext } from './context.ts'

/** Starts what a `CompletionInput` asks for, with the events that are ready at once in one list; throws INVALID_REQUEST with the path of the first fault. */
export function openCompletion(
  context: GraphqlContext,
  input: unknown,
  options: { requestId: string; stream: boolean; signal: AbortSignal },
): AsyncGenerator<Events> {
  const { requestId, stream, signal } = options
  const { request, ...said } = decodeCompletion(input, { stream })
  const { actor, gateway, headers, onSettled } = context
  const door = 'graphql' as const
  const call = { requestId, actor, door, headers, ...said, onSettled, signal }
  return chatInLists(gateway, request, call)
}

/** The gateway's request from a `CompletionInput` that GraphQL has parsed. */
export function decodeCompletion(
  input: unknown,
  options: { stream: boolean },
): { request: ChatRequest } & Pick<Call, 'hints' | 'tags' | 'cache'> {
  const parsed = completionInput.safeParse(input)
  if (!parsed.success) throw firstFault(parsed.error)
  const { fallbacks, routing: lists, passthrough, messages, endUser, ...rest } = parsed.data
  const { tags: labels, cache, ...settings } = rest
  const turns = messages.map(toMessage)
  const flaw = toolFlaw(turns)
  if (flaw) throw flawOf(flaw)
  const request: ChatRequest = {
    ...settings,
    messages: turns,
    stream: options.stream,
    endUserId: endUser,
    passthrough: passthrough && { dialect: 'openai-chat', members: passthrough },
  }
  return { request, hints: { fallbacks, ...lists }, tags: labels, cache }
}

function toMessage(said: MessageInput): Message {
  const { content, parts, toolCalls, cache, ...turn } = said
  const text: ContentPart[] = content === undefined ? [] : [{ type: 'text', text: content }]
  const pieces = parts?.flatMap(toPart) ?? text
  const last = pieces.at(-1)
  if (last && cache) last.cache = cache
  return {
    ...turn,
    parts: pieces,
    toolCalls: toolCalls?.map((call) => ({
      id: call.id,
      kind: 'function',
      name: call.name,
      arguments:
        typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments),
      signature: call.signature,
    })),
  }
}

function toPart(part: ContentPartInput): ContentPart[] {
  const { text, image, file, imageId, fileId, signedText, reasoning, toolCall: call, native } = part
  if (image) return [{ type: 'image', ...image }]
  if (file) return [{ type: 'file', ...file }]
  if (imageId !== undefined) return [{ type: 'image', fileId: imageId }]
  if (fileId !== undefined) return [{ type: 'file', fileId }]
  if (signedText) return [{ type: 'text', ...signedText }]
  if (reasoning) return [{ type: 'reasoning', ...reasoning }]
  if (call !== undefined) return [{ type: 'tool-call', index: call }]
  if (native) return [{ type: 'native', ...native }]
  return text === undefined ? [] : [{ type: 'text', text }]
}

function flawOf(flaw: ToolFlaw): GatewayError {
  const turn = `input.messages[${flaw.message}]`
  const path =
    flaw.kind === 'broken-arguments'
      ? `${turn}.toolCalls[${flaw.call}].arguments`
      : `${turn}.toolCallId`
  return invalidRequest(path, `\`${path}\`: ${toolFlawWords[flaw.kind]}.`)
}

/** The first problem of an input, by its path. */
export function firstFault(error: z.ZodError): GatewayError {
  const [issue] = error.issues
  const path = (issue?.path ?? []).reduce<string>(
    (text, part) => text + (typeof part === 'number' ? `[${part}]` : `.${String(part)}`),
    'input',
  )
  return invalidRequest(path, `\`${path}\` ${issue?.message ?? 'is not valid'}`)
}
