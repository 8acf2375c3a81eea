import type { ChatEvent, ExtraMembers, TextDelta, TokenLogprob, ToolCallStart } from './event.ts'
import type { Extra, ToolCall } from './request.ts'
import type {
  ChatResponse,
  ResponseChoice,
  ResponseReasoning,
  ResponseRefusal,
  ResponseText,
} from './response.ts'

/** Folds events into the whole answer; a terminal `error` event is thrown as its `GatewayError`. */
export async function collect(
  events: AsyncIterable<ChatEvent> | Iterable<ChatEvent>,
): Promise<ChatResponse> {
  const collector = createCollector()
  for await (const event of events) collector.add(event)
  return collector.response()
}

/** The same fold, one event at a time. */
export function createCollector(): {
  add: (event: ChatEvent) => void
  response: () => ChatResponse
} {
  const choices = new Map<number, ResponseChoice>()
  const answer: ChatResponse = { choices: [], warnings: [] }

  const choice = (index: number): ResponseChoice => {
    let found = choices.get(index)
    if (!found) choices.set(index, (found = emptyChoice(index)))
    return found
  }

  const add = (event: ChatEvent): void => {
    switch (event.type) {
      case 'response-start':
        answer.upstreamId = event.id
        answer.upstreamModel = event.model
        break
      case 'part-start':
        choice(event.choice).parts.push({
          type: event.kind,
          text: '',
          ...(event.extra && { extra: event.extra }),
        })
        break
      case 'native-part':
        choice(event.choice).parts.push({
          type: 'native',
          dialect: event.dialect,
          part: event.part,
        })
        break
      case 'text-delta': {
        const target = choice(event.choice)
        const part = textOf(target)
        part.text += event.text
        target.content = (target.content ?? '') + event.text
        if (event.signature) part.signature = event.signature
        if (event.logprobs) (part.logprobs ??= []).push(...event.logprobs)
        addLogprobs(target, 'content', event.logprobs)
        break
      }
      case 'reasoning-delta': {
        const target = choice(event.choice)
        const part = reasoningOf(target)
        part.text += event.text
        if (event.text !== '') target.reasoning = (target.reasoning ?? '') + event.text
        if (event.signature) part.signature = event.signature
        if (event.sealed) part.sealed = event.sealed
        break
      }
      case 'refusal-delta': {
        const target = choice(event.choice)
        refusalOf(target).text += event.text
        target.refusal = (target.refusal ?? '') + event.text
        addLogprobs(target, 'refusal', event.logprobs)
        break
      }
      case 'tool-call-start':
        addCall(choice(event.choice), event)
        break
      case 'tool-call-delta':
        openCall(choice(event.choice), event.index).arguments += event.argumentsDelta
        break
      case 'annotations': {
        const target = choice(event.choice)
        target.annotations.push(...event.annotations)
        const part = target.parts.findLast(({ type }) => type === 'text')
        if (part?.type === 'text') (part.annotations ??= []).push(...event.annotations)
        break
      }
      case 'audio': {
        const target = choice(event.choice)
        target.audio = mergeAudio(target.audio, event.audio)
        break
      }
      case 'extra':
        addExtra(answer, event, choice)
        break
      case 'usage':
        answer.usage = event.usage
        break
      case 'warning':
        answer.warnings.push(event.message)
        break
      case 'finish':
        choice(event.choice).finishReason = event.reason
        break
      case 'end':
        answer.settlement = event.settlement
        break
      case 'error':
        throw event.error
      case 'tool-call-end':
      case 'attempt-start':
      case 'attempt-failed':
        break
      default:
        event satisfies never
    }
  }

  const response = (): ChatResponse => ({
    ...answer,
    choices: [...choices.values()].toSorted((a, b) => a.index - b.index),
  })
  return { add, response }
}

/** Joins members that came in pieces: arrays are appended, everything else is replaced. */
export function mergeExtra(target: Extra, members: Extra): Extra {
  for (const [key, value] of Object.entries(members)) {
    const before = target[key]
    target[key] = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value
  }
  return target
}

function emptyChoice(index: number): ResponseChoice {
  return {
    index,
    parts: [],
    content: null,
    reasoning: null,
    refusal: null,
    toolCalls: [],
    annotations: [],
    finishReason: { unified: 'other' },
  }
}

/** The part that is open, or a new one where the last is of another kind. */
function textOf(choice: ResponseChoice): ResponseText {
  const last = choice.parts.at(-1)
  if (last?.type === 'text') return last
  const part: ResponseText = { type: 'text', text: '' }
  choice.parts.push(part)
  return part
}

function reasoningOf(choice: ResponseChoice): ResponseReasoning {
  const last = choice.parts.at(-1)
  if (last?.type === 'reasoning') return last
  const part: ResponseReasoning = { type: 'reasoning', text: '' }
  choice.parts.push(part)
  return part
}

function refusalOf(choice: ResponseChoice): ResponseRefusal {
  const last = choice.parts.at(-1)
  if (last?.type === 'refusal') return last
  const part: ResponseRefusal = { type: 'refusal', text: '' }
  choice.parts.push(part)
  return part
}

function addCall(choice: ResponseChoice, event: ToolCallStart): void {
  const { id, kind, name, index, extra, signature } = event
  const call: ToolCall = { id, kind, name, arguments: '' }
  if (signature) call.signature = signature
  if (extra) call.extra = extra
  choice.toolCalls[index] = call
  choice.parts.push({ type: 'tool-call', index })
}

function openCall(choice: ResponseChoice, index: number): ToolCall {
  const call = choice.toolCalls[index]
  if (!call) throw new Error(`tool call ${index} of choice ${choice.index} was never started`)
  return call
}

function addLogprobs(
  choice: ResponseChoice,
  kind: 'content' | 'refusal',
  tokens: TextDelta['logprobs'],
): void {
  if (!tokens) return
  choice.logprobs ??= { content: null, refusal: null }
  const known: TokenLogprob[] = choice.logprobs[kind] ?? []
  choice.logprobs[kind] = [...known, ...tokens]
}

function addExtra(
  answer: ChatResponse,
  event: ExtraMembers,
  choice: (index: number) => ResponseChoice,
): void {
  if (event.choice === undefined) {
    answer.extra ??= { dialect: event.dialect, members: {} }
    mergeExtra(answer.extra.members, event.members)
    return
  }
  const target = choice(event.choice)
  target.extra ??= { dialect: event.dialect, message: {}, choice: {} }
  mergeExtra(event.place === 'choice' ? target.extra.choice : target.extra.message, event.members)
}

/** Spoken output arrives as pieces of base64 and of its transcript; the rest is said once. */
function mergeAudio(before: Extra | undefined, piece: Extra): Extra {
  const joined: Extra = { ...before, ...piece }
  for (const key of ['data', 'transcript']) {
    const parts = [before?.[key], piece[key]].filter((part) => typeof part === 'string')
    if (parts.length > 0) joined[key] = parts.join('')
  }
  return joined
}
