import { addPartEvent } from './collect-parts.ts'
import type { ChatEvent, ExtraMembers, TextDelta, TokenLogprob } from './event.ts'
import type { Extra } from './request.ts'
import type { ChatResponse, ResponseChoice, ResponseToolCall } from './response.ts'

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
      case 'native-part':
        addPartEvent(choice(event.choice), event)
        break
      case 'text-delta': {
        const target = choice(event.choice)
        addPartEvent(target, event)
        target.content = (target.content ?? '') + event.text
        addLogprobs(target, 'content', event.logprobs)
        break
      }
      case 'reasoning-delta': {
        const target = choice(event.choice)
        addPartEvent(target, event)
        if (event.text !== '') target.reasoning = (target.reasoning ?? '') + event.text
        break
      }
      case 'refusal-delta': {
        const target = choice(event.choice)
        addPartEvent(target, event)
        target.refusal = (target.refusal ?? '') + event.text
        addLogprobs(target, 'refusal', event.logprobs)
        break
      }
      case 'tool-call-start':
        addPartEvent(choice(event.choice), event)
        break
      case 'tool-call-delta':
        openCall(choice(event.choice), event.index).arguments += event.argumentsDelta
        break
      case 'annotations': {
        const target = choice(event.choice)
        addPartEvent(target, event)
        target.annotations.push(...event.annotations)
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
      case 'answer-restarted':
        choices.clear()
        answer.usage = undefined
        answer.extra = undefined
        break
      case 'answer-continued':
      case 'tool-call-end':
      case 'cache-lookup':
      case 'attempt-start':
      case 'attempt-failed':
      case 'attempt-chosen':
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

function openCall(choice: ResponseChoice, index: number): ResponseToolCall {
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

/** An answer is of one dialect: members of a second one would look like its own. */
function addExtra(
  answer: ChatResponse,
  event: ExtraMembers,
  choice: (index: number) => ResponseChoice,
): void {
  if (event.choice === undefined) {
    answer.extra ??= { dialect: event.dialect, members: {} }
    if (answer.extra.dialect === event.dialect) mergeExtra(answer.extra.members, event.members)
    return
  }
  const target = choice(event.choice)
  target.extra ??= { dialect: event.dialect, message: {}, choice: {} }
  if (target.extra.dialect !== event.dialect) return
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
