import type { AnswerContext } from '../../protocol/chat-door.ts'
import type { Annotation } from '../../protocol/event.ts'
import type { Extra } from '../../protocol/request.ts'
import type {
  ChatResponse,
  ResponseChoice,
  ResponsePart,
  ResponseToolCall,
} from '../../protocol/response.ts'
import { isRecord } from '../narrow.ts'
import { ownMembers } from '../own-members.ts'
import { unplacedAnnotations } from '../unplaced-annotations.ts'
import { encodeCitation } from './citation.ts'
import { anthropicMessages } from './dialect.ts'
import { messageId } from './message-id.ts'
import { encodeStopReason, refusalDetails, refused } from './stop-reason.ts'
import { encodeSignature, sealPart } from './tunnel.ts'
import { encodeUsage } from './usage.ts'

/** A whole answer for a client that did not ask for a stream. */
export function encodeMessage(response: ChatResponse, context: AnswerContext): Extra {
  const { choices, extra, upstreamId, settlement, warnings } = response
  const [first] = choices
  const own = extra?.dialect === anthropicMessages ? extra.members : undefined
  const told = own && 'stop_details' in own ? undefined : refusalDetails(first?.refusal ?? '')
  const finish = first && (told ? refused(first.finishReason) : first.finishReason)
  return {
    id: messageId(upstreamId, context),
    type: 'message',
    role: 'assistant',
    model: context.model,
    content: first ? encodeContent(first) : [],
    stop_reason: finish ? encodeStopReason(finish) : 'end_turn',
    stop_sequence: finish?.stopSequence ?? null,
    ...own,
    ...told,
    usage: encodeUsage(response.usage ?? settlement?.usage),
    ...(warnings.length > 0 && { xrouter: { warnings } }),
  }
}

/** A part of another dialect goes where clients do not look. */
export function nativeBlock({ dialect, part }: { dialect: string; part: Extra }): Extra {
  return dialect === anthropicMessages ? part : sealPart(dialect, part)
}

/** The object that a call's arguments are; what is no object is shown under a name that says so. */
function inputOf(written: string): Extra {
  if (written.trim() === '') return {}
  try {
    const parsed: unknown = JSON.parse(written)
    if (isRecord(parsed)) return parsed
  } catch {
    // Told below.
  }
  return { INVALID_JSON: written }
}

/** Everything of a call but its arguments. */
export function callHead({
  id,
  name,
  extra,
  signature,
}: Omit<ResponseToolCall, 'arguments' | 'kind'>): Extra {
  const signed = signature && { signature: encodeSignature(signature) }
  const own = ownMembers(extra, anthropicMessages)
  return { type: 'tool_use', id: id === '' ? `toolu_${name}` : id, name, ...own, ...signed }
}

function encodeContent(choice: ResponseChoice): Extra[] {
  const early = unplacedAnnotations(choice)
  const cited = early.length === 0 ? choice.parts : withCitations(choice.parts, early)
  return cited.flatMap((part) => encodePart(part, choice))
}

/** The first text has what was cited before it. */
function withCitations(parts: readonly ResponsePart[], early: Annotation[]): ResponsePart[] {
  const at = parts.findIndex(({ type }) => type === 'text')
  const first = parts[at]
  if (first?.type !== 'text') return [...parts, { type: 'text', text: '', annotations: early }]
  return parts.with(at, { ...first, annotations: [...early, ...(first.annotations ?? [])] })
}

function encodePart(part: ResponsePart, choice: ResponseChoice): Extra[] {
  switch (part.type) {
    case 'text': {
      const citations = part.annotations?.map(encodeCitation).filter((each) => each !== undefined)
      return [
        {
          ...ownMembers(part.extra, anthropicMessages),
          type: 'text',
          text: part.text,
          ...(citations && citations.length > 0 && { citations }),
          ...(part.signature && { signature: encodeSignature(part.signature) }),
        },
      ]
    }
    case 'refusal':
      // Of this dialect's own refusals the details tell.
      return part.extra?.dialect === anthropicMessages ? [] : [{ type: 'text', text: part.text }]
    case 'reasoning':
      return encodeReasoning(part)
    case 'tool-call': {
      const call = choice.toolCalls[part.index]
      if (!call) return []
      const { kind, arguments: written } = call
      // What a custom tool takes is any text.
      const input = kind === 'custom' ? { input: written } : inputOf(written)
      return [{ ...callHead(call), input }]
    }
    case 'native':
      return [nativeBlock(part)]
    default:
      return part satisfies never
  }
}

function encodeReasoning(part: Extract<ResponsePart, { type: 'reasoning' }>): Extra[] {
  const { text, signature, sealed } = part
  const shown = {
    ...ownMembers(part.extra, anthropicMessages),
    type: 'thinking',
    thinking: text,
    signature: signature ? encodeSignature(signature) : '',
  }
  if (!sealed) return [shown]
  const hidden = { type: 'redacted_thinking', data: encodeSignature(sealed) }
  return text === '' ? [hidden] : [shown, hidden]
}
