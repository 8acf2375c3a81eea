import { mergeExtra } from '../../protocol/collect.ts'
import { addPartEvent } from '../../protocol/collect-parts.ts'
import type {
  AnswerContinued,
  AnswerRestarted,
  ChatEvent,
  End,
  ExtraMembers,
  NativePart,
  PartStart,
  ReasoningDelta,
  TextDelta,
} from '../../protocol/event.ts'
import type { Extra } from '../../protocol/request.ts'
import type { Usage } from '../../protocol/usage.ts'
import { encodeAnnotation } from './annotation.ts'
import { type ChoiceOut, encodeCallDelta, encodeCallStart, newChoiceOut } from './choice-out.ts'
import { openaiChat } from './dialect.ts'
import { encodeFinishReason } from './finish-reason.ts'
import { encodeLogprobs } from './logprobs.ts'
import { ownPartsOf } from './own-parts.ts'
import { encodeUsage } from './usage.ts'

export type Chunk = Record<string, unknown>

export interface ChunkContext {
  id: string
  created: number
  model: string
  includeUsage: boolean
}

/** Makes a function that turns one event after another into the chunks of OpenAI's stream. */
export function createChunkEncoder(context: ChunkContext): (event: ChatEvent) => Chunk[] {
  const stream: Stream = {
    context,
    choices: new Map(),
    lasting: {},
    once: {},
    warnings: [],
    usage: undefined,
    chunks: [],
  }
  return (event) => {
    stream.chunks = []
    encodeEvent(stream, event)
    return stream.chunks
  }
}

interface Stream {
  context: ChunkContext
  choices: Map<number, ChoiceOut>
  /** Plain members of the answer, such as the service tier, stand on every chunk. */
  lasting: Extra
  /** Members of the answer for the next chunk. */
  once: Extra
  warnings: string[]
  usage: Usage | undefined
  chunks: Chunk[]
}

function encodeEvent(stream: Stream, event: ChatEvent): void {
  switch (event.type) {
    case 'text-delta':
      addPartEvent(choiceOut(stream, event, '').spoken, event)
      return pushText(stream, event, { content: event.text })
    case 'refusal-delta':
      addPartEvent(choiceOut(stream, event, null).spoken, event)
      return pushText(stream, event, { refusal: event.text })
    case 'reasoning-delta':
      if (event.text === '' && !event.signature && !event.sealed) return
      keepPart(stream, event)
      if (event.text === '') return
      return pushDelta(stream, event.choice, { reasoning_content: event.text })
    case 'tool-call-start':
      addPartEvent(choiceOut(stream, event, null).spoken, event)
      return pushDelta(stream, event.choice, encodeCallStart(choiceOut(stream, event, null), event))
    case 'tool-call-delta':
      return pushDelta(stream, event.choice, encodeCallDelta(choiceOut(stream, event), event))
    case 'annotations':
      return pushDelta(stream, event.choice, {
        annotations: event.annotations.map(encodeAnnotation),
      })
    case 'audio':
      return pushDelta(stream, event.choice, { audio: event.audio })
    case 'finish': {
      const choice = choiceOut(stream, event)
      const finish = encodeFinishReason(event.reason, { deprecatedCall: choice.deprecatedCall })
      const own = ownPartsOf(choice.spoken)
      return pushDelta(stream, event.choice, own ? { xrouter: own } : {}, { finish_reason: finish })
    }
    // What only lists of parts can say is told when the choice ends.
    case 'part-start':
    case 'native-part':
      return keepPart(stream, event)
    case 'extra':
      return keepExtra(stream, event)
    case 'usage':
      return keepUsage(stream, event.usage)
    case 'warning':
      stream.warnings.push(event.message)
      return
    case 'end':
      return pushEnd(stream, event)
    case 'answer-restarted':
      return pushRestart(stream, event)
    case 'answer-continued':
      return pushChunk(stream, [], { xrouter: { continued: resumption(event) } })
    // A failure is a frame of its own, and the attempts are told in the headers.
    case 'error':
    case 'response-start':
    case 'tool-call-end':
    case 'cache-lookup':
    case 'attempt-start':
    case 'attempt-failed':
    case 'attempt-chosen':
      return
    default:
      event satisfies never
  }
}

function keepPart(stream: Stream, event: PartStart | NativePart | ReasoningDelta): void {
  addPartEvent(choiceOut(stream, event).spoken, event)
}

/** The first chunk of a choice says its role; its content is null where a call or a refusal comes first. */
function choiceOut(
  stream: Stream,
  { choice: index }: { choice: number },
  content: '' | null = '',
): ChoiceOut {
  let choice = stream.choices.get(index)
  if (!choice) {
    stream.choices.set(index, (choice = newChoiceOut(index)))
    pushChoice(stream, index, { delta: { role: 'assistant', content } })
  }
  return choice
}

function pushText(stream: Stream, event: Omit<TextDelta, 'type'>, delta: Extra): void {
  const { logprobs, text } = event
  const isRefusal = 'refusal' in delta
  choiceOut(stream, event, isRefusal ? null : '')
  if (!logprobs && text === '') return
  if (!logprobs) pushDelta(stream, event.choice, delta)
  else {
    const kind = isRefusal ? 'refusal' : 'content'
    const lists = { content: null, refusal: null, [kind]: encodeLogprobs(logprobs) }
    pushDelta(stream, event.choice, delta, { logprobs: lists })
  }
}

/** A chunk of one choice, with what waits for the next chunk of this choice. */
function pushDelta(stream: Stream, index: number, delta: Extra, beside?: Extra): void {
  const { waiting } = choiceOut(stream, { choice: index })
  if (!waiting.message && !waiting.choice) return pushChoice(stream, index, { delta, ...beside })
  const members = { ...waiting.choice, ...beside, delta: { ...waiting.message, ...delta } }
  waiting.message = undefined
  waiting.choice = undefined
  pushChoice(stream, index, members)
}

function pushChoice(stream: Stream, index: number, members: Extra): void {
  pushChunk(stream, [{ index, finish_reason: null, ...members }])
}

function pushChunk(stream: Stream, choices: unknown[], last?: Extra): void {
  const { id, created, model, includeUsage } = stream.context
  const chunk: Chunk = { ...stream.lasting, ...stream.once }
  chunk['id'] = id
  chunk['object'] = 'chat.completion.chunk'
  chunk['created'] = created
  chunk['model'] = model
  chunk['choices'] = choices
  if (includeUsage) chunk['usage'] = null
  stream.once = {}
  stream.chunks.push(last ? { ...chunk, ...last } : chunk)
}

/** Members wait for the chunk of what they came with; a second value of a member pushes out the first. */
function keepExtra(stream: Stream, event: ExtraMembers): void {
  if (event.dialect !== openaiChat) return
  const { choice: index, members } = event
  if (index === undefined) return keepAnswerMembers(stream, members)
  const { waiting } = choiceOut(stream, { choice: index })
  const place = event.place === 'choice' ? 'choice' : 'message'
  const before = waiting[place]
  if (before && Object.keys(members).some((key) => key in before)) pushDelta(stream, index, {})
  waiting[place] = mergeExtra(waiting[place] ?? {}, members)
}

function keepAnswerMembers(stream: Stream, members: Extra): void {
  for (const [key, value] of Object.entries(members)) {
    if (key in stream.once) pushChunk(stream, [])
    stream.once[key] = value
    if (typeof value === 'object') delete stream.lasting[key]
    else stream.lasting[key] = value
  }
}

function keepUsage(stream: Stream, usage: Usage): void {
  stream.usage = usage
  // What waits still came with the upstream's usage chunk, for which this client did not ask.
  if (!stream.context.includeUsage) stream.once = {}
}

/** The client drops what it has: what follows is another answer, with roles of its own. */
function pushRestart(stream: Stream, event: AnswerRestarted): void {
  stream.choices.clear()
  stream.lasting = {}
  stream.once = {}
  stream.usage = undefined
  pushChunk(stream, [], { xrouter: { restarted: resumption(event) } })
}

function resumption({ model, provider, failed }: AnswerRestarted | AnswerContinued): Extra {
  return {
    model,
    provider,
    failed: { model: failed.model, error: failed.errorCode?.toLowerCase() },
  }
}

/** The last chunk carries usage, where it was asked for and is known, and what the gateway has to say. */
function pushEnd(stream: Stream, event: End): void {
  for (const [index, { waiting }] of stream.choices) {
    if (waiting.message || waiting.choice) pushDelta(stream, index, {})
  }
  const usage = stream.usage ?? event.settlement.usage
  const last: Extra = {}
  if (stream.context.includeUsage && usage) last['usage'] = encodeUsage(usage)
  if (stream.warnings.length > 0) last['xrouter'] = { warnings: stream.warnings }
  const something = Object.keys(last).length > 0 || Object.keys(stream.once).length > 0
  if (something) pushChunk(stream, [], last)
}
