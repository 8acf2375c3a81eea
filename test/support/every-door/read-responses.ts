import { readUsage } from './read-openai.ts'
import { list, type Members, members, nothingTold, readArguments, string } from './told.ts'
import type { Told } from './told.ts'

const openai = 'openai-responses'
const known = new Set(['message', 'reasoning', 'function_call', 'custom_tool_call'])
const callMembers = new Set('type id status call_id name arguments input'.split(' '))
const envelope = 'xrouter.1.'

/** A plain reading of a response, whole or as the frames of a stream, of which the deltas are believed. */
export function readResponses(parts: readonly Members[]): Told {
  const [only] = parts
  const isWhole = only !== undefined && only['object'] === 'response'
  const last = isWhole ? only : members(parts.at(-1)?.['response'])
  const items = isWhole ? list(last['output']) : closedItems(parts)
  const said = (...types: string[]) =>
    parts.map(({ type, delta }) => (types.includes(string(type)) ? string(delta) : '')).join('')
  const contents = items.flatMap(({ type, content }) => (type === 'message' ? list(content) : []))
  const thoughts = items.flatMap(({ type, summary, content }) =>
    type === 'reasoning' ? [...list(summary), ...list(content)] : [],
  )
  const calls = items.filter(({ type }) => type === 'function_call' || type === 'custom_tool_call')
  const choice = {
    ...nothingTold(),
    text: isWhole ? joined(contents) : said('response.output_text.delta'),
    reasoning: isWhole
      ? joined(thoughts)
      : said('response.reasoning_summary_text.delta', 'response.reasoning_text.delta'),
    refusal: contents.map(({ refusal }) => string(refusal)).join(''),
    calls: calls.map(({ name, arguments: json, input }) => ({
      name: string(name),
      arguments: readArguments(json ?? input),
    })),
    ids: calls.map(({ call_id: id }) => string(id)),
    strangers: calls.flatMap(Object.keys).filter((name) => !callMembers.has(name)),
    citations: contents.flatMap(({ annotations }) => list(annotations)).length,
    natives: items.flatMap(nativeOf),
    tokens: contents.flatMap(({ logprobs }) => list(logprobs)).length,
    finish: finishOf(last, calls.length),
  }
  const { usage } = last
  return {
    choices: [choice],
    usage:
      usage == null
        ? undefined
        : readUsage(members(usage), { prompt: 'input', completion: 'output' }),
  }
}

function closedItems(frames: readonly Members[]): Members[] {
  const items: Members[] = []
  for (const { type, output_index: index, item } of frames) {
    if (type === 'response.output_item.done') items[Number(index)] = members(item)
  }
  return items
}

function joined(texts: readonly Members[]): string {
  return texts.map(({ text }) => string(text)).join('')
}

/** Another vendor's part travels where a client looks at nothing. */
function nativeOf(item: Members): Told['choices'][number]['natives'] {
  const { type, encrypted_content: content } = item
  if (!known.has(string(type))) return [{ dialect: openai, part: item }]
  if (!string(content).startsWith(envelope)) return []
  const opened: unknown = JSON.parse(
    Buffer.from(string(content).slice(envelope.length), 'base64url').toString(),
  )
  const { dialect, native } = members(opened)
  return native === undefined ? [] : [{ dialect: string(dialect), part: native }]
}

function finishOf({ status, incomplete_details: details }: Members, calls: number): string {
  if (status === 'completed') return calls > 0 ? 'tool_calls' : 'stop'
  const reason = string(members(details)['reason'])
  return reason === 'max_output_tokens' ? 'length' : reason
}
