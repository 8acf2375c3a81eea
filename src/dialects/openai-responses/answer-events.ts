import type { ChatEvent } from '../../protocol/event.ts'
import type { ChatResponse, ResponseChoice, ResponsePart } from '../../protocol/response.ts'
import { unplacedAnnotations } from '../unplaced-annotations.ts'

/** The events of which an answer's first choice was collected, a part at a time. */
export function* answerEvents({ choices }: ChatResponse): Generator<ChatEvent> {
  const [choice] = choices
  if (!choice) return
  const early = unplacedAnnotations(choice)
  if (early.length > 0) yield { type: 'annotations', choice: 0, annotations: early }
  for (const part of choice.parts) yield* partEvents(choice, part)
}

function* partEvents({ toolCalls }: ResponseChoice, part: ResponsePart): Generator<ChatEvent> {
  switch (part.type) {
    case 'text': {
      const { extra, text, logprobs, annotations, signature } = part
      yield { type: 'part-start', choice: 0, kind: 'text', extra }
      yield { type: 'text-delta', choice: 0, text, logprobs, signature }
      if (annotations) yield { type: 'annotations', choice: 0, annotations }
      return
    }
    case 'reasoning': {
      const { extra, text, signature, sealed } = part
      yield { type: 'part-start', choice: 0, kind: 'reasoning', extra }
      yield { type: 'reasoning-delta', choice: 0, text, signature, sealed }
      return
    }
    case 'refusal':
      yield { type: 'part-start', choice: 0, kind: 'refusal', extra: part.extra }
      yield { type: 'refusal-delta', choice: 0, text: part.text }
      return
    case 'tool-call': {
      const call = toolCalls[part.index]
      if (!call) return
      const { arguments: argumentsDelta, ...start } = call
      const { index } = part
      yield { type: 'tool-call-start', choice: 0, index, ...start }
      if (argumentsDelta !== '') yield { type: 'tool-call-delta', choice: 0, index, argumentsDelta }
      yield { type: 'tool-call-end', choice: 0, index }
      return
    }
    case 'native':
      yield { type: 'native-part', choice: 0, dialect: part.dialect, part: part.part }
      return
    default:
      part satisfies never
  }
}
