import { z } from 'zod'
import type { ContentPart, Message, ToolCall } from '../../protocol/request.ts'
import type { ResponseChoice, ResponsePart } from '../../protocol/response.ts'

/**
 * What OpenAI's wire has no member for stands in the message's `xrouter.parts`: signed and sealed
 * reasoning, parts of one vendor. A client that sends the message back loses nothing of it.
 */
export interface OwnParts {
  parts: OwnPart[]
}

const signature = z.strictObject({ dialect: z.string().min(1).max(100), value: z.string() })

const ownPart = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: z.string(), signature: signature.optional() }),
  z.strictObject({ type: z.literal('refusal'), text: z.string() }),
  z.strictObject({
    type: z.literal('reasoning'),
    text: z.string(),
    signature: signature.optional(),
    sealed: signature.optional(),
  }),
  z.strictObject({
    type: z.literal('tool-call'),
    index: z.int().min(0),
    signature: signature.optional(),
  }),
  z.strictObject({
    type: z.literal('native'),
    dialect: z.string().min(1).max(100),
    part: z.record(z.string(), z.unknown()),
  }),
])

type OwnPart = z.infer<typeof ownPart>

export const ownPartsSchema = z.strictObject({ parts: z.array(ownPart) })

/** The parts of a choice, where OpenAI's own members do not say everything of them. */
export function ownPartsOf(
  choice: Pick<ResponseChoice, 'parts' | 'toolCalls'>,
): OwnParts | undefined {
  const parts = choice.parts.map((part) => toOwnPart(part, choice.toolCalls))
  return parts.some(isBeyond) ? { parts } : undefined
}

function isBeyond(part: OwnPart): boolean {
  return (
    part.type === 'native' ||
    ('signature' in part && part.signature !== undefined) ||
    ('sealed' in part && part.sealed !== undefined)
  )
}

function toOwnPart(part: ResponsePart, calls: ResponseChoice['toolCalls']): OwnPart {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text, ...signed(part) }
    case 'refusal':
      return { type: 'refusal', text: part.text }
    case 'reasoning':
      return {
        type: 'reasoning',
        text: part.text,
        ...signed(part),
        ...(part.sealed && { sealed: part.sealed }),
      }
    case 'tool-call':
      return { type: 'tool-call', index: part.index, ...signed(calls[part.index]) }
    case 'native':
      return { type: 'native', dialect: part.dialect, part: part.part }
    default:
      return part satisfies never
  }
}

function signed(source: Pick<ToolCall, 'signature'> | undefined): Pick<ToolCall, 'signature'> {
  return source?.signature ? { signature: source.signature } : {}
}

/** Puts the parts back into a message that a client returns; where its text was changed, the client's text stands. */
export function restoreParts(message: Message, own: OwnParts): void {
  const calls = message.toolCalls ?? []
  for (const part of own.parts) {
    const call = part.type === 'tool-call' ? calls[part.index] : undefined
    if (call && part.type === 'tool-call' && part.signature) call.signature = part.signature
  }
  const restored = own.parts.flatMap((part) => toContentPart(part, calls))
  const unchanged = wordsOf(restored) === wordsOf(message.parts)
  message.parts = unchanged
    ? restored
    : [...restored.filter(({ type }) => !isSaid(type)), ...message.parts.filter(notReasoning)]
}

function toContentPart(part: OwnPart, calls: readonly ToolCall[]): ContentPart[] {
  if (part.type !== 'tool-call') return [part]
  return part.index < calls.length ? [{ type: 'tool-call', index: part.index }] : []
}

function wordsOf(parts: readonly ContentPart[]): string {
  return parts.map((part) => (isSaid(part.type) && 'text' in part ? part.text : '')).join('')
}

function isSaid(type: ContentPart['type']): boolean {
  return type === 'text' || type === 'refusal'
}

function notReasoning({ type }: ContentPart): boolean {
  return type !== 'reasoning'
}
