import type {
  Annotations,
  NativePart,
  PartStart,
  ReasoningDelta,
  RefusalDelta,
  TextDelta,
  ToolCallStart,
} from './event.ts'
import type {
  ResponseChoice,
  ResponseReasoning,
  ResponseRefusal,
  ResponseText,
  ResponseToolCall,
} from './response.ts'

/** The events that make the parts of a choice. */
export type PartEvent =
  | PartStart
  | NativePart
  | TextDelta
  | ReasoningDelta
  | RefusalDelta
  | ToolCallStart
  | Annotations

/** A choice as far as its parts go. */
export type PartedChoice = Pick<ResponseChoice, 'parts' | 'toolCalls'>

/** Adds to the part that is open, or opens one where the last is of another kind. */
export function addPartEvent(choice: PartedChoice, event: PartEvent): void {
  const { parts } = choice
  switch (event.type) {
    case 'part-start': {
      const { kind, extra } = event
      parts.push({ type: kind, text: '', ...(extra && { extra }) })
      return
    }
    case 'native-part':
      parts.push({ type: 'native', dialect: event.dialect, part: event.part })
      return
    case 'text-delta': {
      const part = openText(choice)
      part.text += event.text
      if (event.signature) part.signature = event.signature
      if (event.logprobs) (part.logprobs ??= []).push(...event.logprobs)
      return
    }
    case 'reasoning-delta': {
      const part = openReasoning(choice)
      part.text += event.text
      if (event.signature) part.signature = event.signature
      if (event.sealed) part.sealed = event.sealed
      return
    }
    case 'refusal-delta':
      openRefusal(choice).text += event.text
      return
    case 'annotations': {
      const part = parts.findLast(({ type }) => type === 'text')
      if (part?.type === 'text') (part.annotations ??= []).push(...event.annotations)
      return
    }
    case 'tool-call-start':
      choice.toolCalls[event.index] = openedCall(event)
      parts.push({ type: 'tool-call', index: event.index })
      return
    default:
      event satisfies never
  }
}

function openedCall({ id, kind, name, extra, signature }: ToolCallStart): ResponseToolCall {
  const call: ResponseToolCall = { id, kind, name, arguments: '' }
  if (signature) call.signature = signature
  if (extra) call.extra = extra
  return call
}

function openText({ parts }: PartedChoice): ResponseText {
  const last = parts.at(-1)
  if (last?.type === 'text') return last
  const part: ResponseText = { type: 'text', text: '' }
  parts.push(part)
  return part
}

function openReasoning({ parts }: PartedChoice): ResponseReasoning {
  const last = parts.at(-1)
  if (last?.type === 'reasoning') return last
  const part: ResponseReasoning = { type: 'reasoning', text: '' }
  parts.push(part)
  return part
}

function openRefusal({ parts }: PartedChoice): ResponseRefusal {
  const last = parts.at(-1)
  if (last?.type === 'refusal') return last
  const part: ResponseRefusal = { type: 'refusal', text: '' }
  parts.push(part)
  return part
}
