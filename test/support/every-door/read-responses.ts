import { readResponse, readResponseStream } from '../recorded-responses.ts'
import { readUsage } from './read-openai.ts'
import { list, type Members, members, nothingTold, readArguments, string } from './told.ts'
import type { Told } from './told.ts'

const openai = 'openai-responses'
const known = new Set(['message', 'reasoning', 'function_call', 'custom_tool_call'])
const envelope = 'xrouter.1.'

/** A plain reading of a response, whole or as the frames of a stream, of which the deltas are believed. */
export function readResponses(parts: readonly Members[]): Told {
  const [only] = parts
  const isWhole = only !== undefined && only['object'] === 'response'
  const plain = isWhole
    ? readResponse(only)
    : readResponseStream(parts.map((part) => JSON.stringify(part)))
  const said = (...types: string[]) =>
    parts.map(({ type, delta }) => (types.includes(string(type)) ? string(delta) : '')).join('')
  const { items, status, reason, usage } = plain
  const contents = items.flatMap(({ type, content }) => (type === 'message' ? list(content) : []))
  const calls = items.filter(({ type }) => type === 'function_call' || type === 'custom_tool_call')
  const choice = {
    ...nothingTold(),
    text: isWhole ? plain.text : said('response.output_text.delta'),
    reasoning: isWhole
      ? plain.reasoning
      : said('response.reasoning_summary_text.delta', 'response.reasoning_text.delta'),
    refusal: contents.map(({ refusal }) => string(refusal)).join(''),
    calls: calls.map(({ name, arguments: json, input }) => ({
      name: string(name),
      arguments: readArguments(json ?? input),
    })),
    ids: calls.map(({ call_id: id }) => string(id)),
    citations: contents.flatMap(({ annotations }) => list(annotations)).length,
    natives: items.flatMap(nativeOf),
    tokens: contents.flatMap(({ logprobs }) => list(logprobs)).length,
    finish: finishOf({ status, reason, calls: calls.length }),
  }
  return {
    choices: [choice],
    usage: usage && readUsage(usage, { prompt: 'input', completion: 'output' }),
  }
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

function finishOf(end: { status: string; reason: string | undefined; calls: number }): string {
  if (end.status === 'completed') return end.calls > 0 ? 'tool_calls' : 'stop'
  return end.reason === 'max_output_tokens' ? 'length' : String(end.reason)
}
