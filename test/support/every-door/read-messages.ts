import { readMessage, readMessageStream } from '../recorded-messages.ts'
import { count, list, type Members, members, nothingTold, string, sum, type Told } from './told.ts'

const anthropic = 'anthropic-messages'
const callMembers = new Set('type id name input signature'.split(' '))
const known = new Set(['text', 'thinking', 'redacted_thinking', 'tool_use'])

/** A plain reading of a message, whole or as the events of a stream. */
export function readMessages(parts: readonly Members[]): Told {
  const [only] = parts
  const isWhole = only !== undefined && only['type'] === 'message'
  const { content, stop, usage, others } = isWhole
    ? readMessage(only)
    : readMessageStream(parts.map((part) => JSON.stringify(part)))
  const of = (type: string) => content.filter((block) => block['type'] === type)
  const joined = (type: string, member: string) =>
    of(type)
      .map((block) => string(block[member]))
      .join('')
  const calls = of('tool_use')
  const choice = {
    ...nothingTold(),
    text: joined('text', 'text'),
    reasoning: joined('thinking', 'thinking'),
    refusal: string(members(others['stop_details'])['explanation']),
    calls: calls.map(({ name, input }) => ({ name: string(name), arguments: input })),
    ids: calls.map(({ id }) => string(id)),
    strangers: calls.flatMap(Object.keys).filter((name) => !callMembers.has(name)),
    citations: of('text').flatMap(({ citations }) => list(citations)).length,
    natives: content.flatMap(nativeOf),
    finish: finishes.get(string(stop)) ?? `unknown ${String(stop)}`,
  }
  return { choices: [choice], usage: readUsage(usage) }
}

/** Another vendor's part travels where a client looks at nothing. */
function nativeOf(block: Members): Told['choices'][number]['natives'] {
  const type = string(block['type'])
  if (!known.has(type)) return [{ dialect: anthropic, part: block }]
  const [, dialect = '', part] = /^xr1p\.([a-z0-9-]+)\.(.+)$/s.exec(string(block['data'])) ?? []
  if (type !== 'redacted_thinking' || part === undefined) return []
  return [{ dialect, part: JSON.parse(Buffer.from(part, 'base64url').toString()) }]
}

/** What was read from and written to the cache stands beside the input. */
function readUsage(usage: Members): Told['usage'] {
  const input = count(usage['input_tokens'])
  const cached = count(usage['cache_read_input_tokens'])
  const written = count(usage['cache_creation_input_tokens'])
  return {
    prompt: sum(input, cached, written),
    cached,
    written,
    completion: count(usage['output_tokens']),
    reasoning: count(members(usage['output_tokens_details'])['thinking_tokens']),
    total: undefined,
  }
}

const finishes: ReadonlyMap<string, string> = new Map([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['pause_turn', 'stop'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['tool_use', 'tool_calls'],
  ['refusal', 'content_filter'],
])
