/** A plain reading of OpenAI's wire format, for tests alone: it shares no code with the dialect. */
export interface PlainAnswer {
  choices: PlainChoice[]
  usage: WireUsage | undefined
  /** The last value of each member of the answer that OpenAI's basic shape does not have. */
  others: Record<string, unknown>
}

interface PlainChoice {
  index: number
  text: string
  reasoning: string
  refusal: string
  calls: { name: string; arguments: string }[]
  finish: string | undefined
  logprobs: number
  annotations: number
  audio: number
  /** The names of the members of the choice and its message that the basic shape does not have. */
  others: string[]
}

interface WireUsage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  prompt_tokens_details?: Record<string, number | undefined> | null
  completion_tokens_details?: Record<string, number | undefined> | null
  reasoning_tokens?: number
  prompt_cache_hit_tokens?: number
  cached_tokens?: number
}

export interface WireAnswer {
  choices?: WireChoice[]
  usage?: WireUsage | null
  x_groq?: { usage?: WireUsage }
}

interface WireChoice {
  index: number
  delta?: WireMessage
  message?: WireMessage
  finish_reason?: string | null
  logprobs?: { content?: unknown[] | null } | null
}

interface WireMessage {
  content?: string | null
  refusal?: string | null
  reasoning?: string | null
  reasoning_content?: string | null
  tool_calls?: WireCall[] | null
  function_call?: { name?: string; arguments?: string } | null
  annotations?: unknown[] | null
  audio?: { data?: string } | null
}

interface WireCall {
  index?: number
  function?: { name?: string | null; arguments?: string | null }
}

export function readAnswer(body: WireAnswer): PlainAnswer {
  return readStream([JSON.stringify(body)])
}

export function readStream(frames: string[]): PlainAnswer {
  const choices = new Map<number, PlainChoice & { order: Map<number, number> }>()
  const others: Record<string, unknown> = {}
  let usage: WireUsage | undefined
  for (const frame of frames) {
    if (frame === '[DONE]') continue
    const chunk: WireAnswer = JSON.parse(frame)
    Object.assign(others, unusual(chunk, basic.answer))
    usage = chunk.usage ?? chunk.x_groq?.usage ?? usage
    for (const choice of chunk.choices ?? []) {
      const plain = choices.get(choice.index) ?? emptyChoice(choice.index)
      choices.set(choice.index, plain)
      addMessage(plain, choice.delta ?? choice.message ?? {})
      const names = Object.keys({
        ...unusual(choice, basic.choice),
        ...unusual(choice.delta ?? choice.message ?? {}, basic.message),
      })
      plain.others = [...new Set([...plain.others, ...names])].toSorted()
      plain.finish ??= choice.finish_reason ?? undefined
      plain.logprobs += choice.logprobs?.content?.length ?? 0
    }
  }
  const sorted = [...choices.values()].toSorted((a, b) => a.index - b.index)
  return { choices: sorted.map(({ order: _order, ...choice }) => choice), usage, others }
}

const basic = {
  answer: ['id', 'object', 'created', 'model', 'choices', 'usage', 'obfuscation', 'p'],
  choice: ['index', 'delta', 'message', 'finish_reason', 'logprobs'],
  message: [
    'role',
    'content',
    'refusal',
    'reasoning',
    'reasoning_content',
    'tool_calls',
    'function_call',
    'annotations',
    'audio',
  ],
}

function unusual(object: object, names: string[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).filter(([name, value]) => value !== null && !names.includes(name)),
  )
}

function emptyChoice(index: number): PlainChoice & { order: Map<number, number> } {
  return {
    index,
    text: '',
    reasoning: '',
    refusal: '',
    calls: [],
    finish: undefined,
    logprobs: 0,
    annotations: 0,
    audio: 0,
    others: [],
    order: new Map(),
  }
}

function addMessage(
  plain: PlainChoice & { order: Map<number, number> },
  message: WireMessage,
): void {
  plain.text += message.content ?? ''
  plain.reasoning += message.reasoning_content ?? message.reasoning ?? ''
  plain.refusal += message.refusal ?? ''
  plain.annotations += message.annotations?.length ?? 0
  plain.audio += message.audio?.data?.length ?? 0
  const calls = [...(message.tool_calls ?? [])]
  if (message.function_call) calls.push({ index: -1, function: message.function_call })
  calls.forEach((call, position) => {
    const wire = call.index ?? position
    const place = plain.order.get(wire) ?? plain.calls.length
    plain.order.set(wire, place)
    const known = (plain.calls[place] ??= { name: '', arguments: '' })
    if (known.name === '') known.name = call.function?.name ?? ''
    known.arguments += call.function?.arguments ?? ''
  })
}

type Members = Record<string, unknown>

/** A request without what may be written in two ways that mean the same. */
export function normalRequest(request: unknown): unknown {
  const { stream, stream_options: _, stop, messages, xrouter: __, ...rest } = members(request)
  return {
    ...rest,
    ...(stream === true && { stream }),
    ...(stop !== undefined && { stop: [stop].flat() }),
    messages: list(messages).map(normalMessage),
  }
}

function normalMessage(message: unknown): unknown {
  const { content, ...rest } = members(message)
  const parts = list(content).map(members)
  const [only] = parts
  const plain = parts.length === 1 && only?.['type'] === 'text' && Object.keys(only).length === 2
  const given = Object.entries(rest).filter(([, value]) => value !== null)
  return { ...Object.fromEntries(given), content: plain ? only['text'] : (content ?? null) }
}

function members(value: unknown): Members {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
