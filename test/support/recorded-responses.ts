import type { Recording } from './recorded.ts'

type Members = Record<string, unknown>

/** What stands under the endpoint's path and is something else, with how it is told. */
const excluded: [reason: string, is: (recording: Recording) => boolean][] = [
  ['counts of tokens', ({ answer }) => bodyOf(answer)['object'] === 'response.input_tokens'],
  ['compaction', ({ answer }) => bodyOf(answer)['object'] === 'response.compaction'],
  [
    'an answer in the background that is not there yet',
    ({ answer }) => ['queued', 'in_progress'].includes(String(bodyOf(answer)['status'])),
  ],
  [
    'a stream in the background that the recording cut',
    ({ name }) => /background_mode_streaming_(with|without)_?starting_after.*#0/.test(name),
  ],
  [
    'a stream whose pieces and their whole were shortened apart',
    ({ name }) => /shell-container\.1\.chunks/.test(name),
  ],
]

/** Why a recording is no answer, where it is none. */
export function excludedResponse(recording: Recording): string | undefined {
  return excluded.find(([, is]) => is(recording))?.[0]
}

/** A plain reading of a response, for tests alone: it shares no code with the dialect. */
export interface PlainResponse {
  items: Members[]
  text: string
  reasoning: string
  calls: { name: string; written: string }[]
  usage: Members | undefined
  status: string
  reason: string | undefined
}

/** The response that a stream told, from its own snapshots: closed items, and the last frame. */
export function readResponseStream(frames: readonly string[]): PlainResponse {
  const done: Members[] = []
  let last: Members = {}
  for (const frame of frames) {
    const event = members(JSON.parse(frame))
    const index = Number(event['output_index'])
    if (event['type'] === 'response.output_item.done') done[index] = members(event['item'])
    if ('response' in event) last = members(event['response'])
  }
  // What is sealed is sealed anew in the last frame: as it was closed it came first.
  const output = list(last['output']).map((item, index) => {
    const { id } = members(item)
    return done.find((each) => each?.['id'] === id) ?? done[index] ?? item
  })
  return readResponse({ ...last, output: output.length > 0 ? output : done.filter(Boolean) })
}

export function readResponse(body: Members): PlainResponse {
  const items = list(body['output']).map(members)
  const contents = items.flatMap((item) =>
    item['type'] === 'message' ? list(item['content']).map(members) : [],
  )
  const thoughts = items.flatMap((item) =>
    item['type'] === 'reasoning'
      ? [...list(item['summary']), ...list(item['content'])].map(members)
      : [],
  )
  const called = items.filter(({ type }) => type === 'function_call' || type === 'custom_tool_call')
  const usage = members(body['usage'])
  const details = members(body['incomplete_details'])
  return {
    items: items.map(plainItem),
    text: contents.map(textOf).join(''),
    reasoning: thoughts.map(textOf).join(''),
    calls: called.map((item) => ({
      name: String(item['name']),
      written: String(item['arguments'] ?? item['input']),
    })),
    usage: Number(usage['total_tokens'] ?? 0) > 0 ? usage : undefined,
    status: String(body['status']),
    reason: typeof details['reason'] === 'string' ? details['reason'] : undefined,
  }
}

/** An item without what may be written in two ways that mean the same: nothing, null and empty lists; and its state. */
export function plainItem(item: Members): Members {
  const { status: _, ...rest } = item
  return members(withoutNothing(rest))
}

/** A request in one of the ways in which it may be written. */
export function plainRequest(request: unknown): Members {
  const { input, store: _, stream, tools, include, text, ...rest } = members(request)
  const includes = list(include).filter((each) => each !== 'reasoning.encrypted_content')
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : list(input)
  return members(
    withoutNothing({
      ...rest,
      input: items.map(members).map(plainInput),
      ...(stream === true && { stream }),
      ...(tools !== undefined && { tools }),
      ...(includes.length > 0 && { include: includes }),
      ...(text !== undefined && { text }),
    }),
  )
}

function plainInput({ type, content, output, ...rest }: Members): Members {
  return {
    ...rest,
    ...(type !== 'message' && { type }),
    ...(content !== undefined && { content: plainContent(content, rest['role']) }),
    ...(output !== undefined && { output: plainContent(output, 'user') }),
  }
}

function plainContent(content: unknown, role: unknown): unknown {
  const type = role === 'assistant' ? 'output_text' : 'input_text'
  return typeof content === 'string' ? [{ type, text: content }] : content
}

function withoutNothing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNothing)
  // Deltas and whole texts have log probabilities of different precision.
  if (typeof value === 'number') return Math.round(value * 1000) / 1000 + 0
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(
    ([, each]) =>
      each !== null && each !== undefined && !(Array.isArray(each) && each.length === 0),
  )
  return Object.fromEntries(kept.map(([name, each]) => [name, withoutNothing(each)]))
}

function textOf({ text }: Members): string {
  return typeof text === 'string' ? text : ''
}

export function members(value: unknown): Members {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function bodyOf(answer: Recording['answer']): Members {
  return answer.kind === 'body' ? members(JSON.parse(answer.text)) : {}
}
