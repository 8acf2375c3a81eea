import { readAnswer, readStream } from '../recorded-chat.ts'
import {
  count,
  list,
  type Members,
  members,
  readArguments,
  string,
  type Told,
  type ToldChoice,
} from './told.ts'

const callMembers = new Set('index id type function custom'.split(' '))

/** A plain reading of chat completions, whole or as the chunks of a stream. */
export function readChat(parts: readonly Members[]): Told {
  const frames = parts.map((part) => JSON.stringify(part))
  const [only] = parts
  const isWhole = only !== undefined && only['object'] === 'chat.completion'
  const plain = isWhole ? readAnswer(only) : readStream(frames)
  const usage = plain.usage && members(plain.usage)
  return {
    choices: plain.choices.map((choice) => {
      const { text, reasoning, refusal, finish = '' } = choice
      const messages = parts.flatMap(({ choices }) =>
        list(choices)
          .filter(({ index }) => index === choice.index)
          .map(({ message, delta }) => members(message ?? delta)),
      )
      return {
        text,
        reasoning,
        refusal,
        ...readCalls(messages),
        citations: choice.annotations,
        natives: messages.flatMap(({ xrouter }) => nativesOf(members(xrouter)['parts'])),
        tokens: choice.logprobs,
        spoken: choice.audio,
        // OpenAI's word for its deprecated single call.
        finish: finish === 'function_call' ? 'tool_calls' : finish,
      }
    }),
    usage: usage && readUsage(usage, { prompt: 'prompt', completion: 'completion' }),
  }
}

/** A plain reading of legacy completions, whole or as the chunks of a stream. */
export function readText(parts: readonly Members[]): Pick<Told, 'usage'> & {
  choices: { text: string; finish: string; tokens: number }[]
} {
  const choices: { text: string; finish: string; tokens: number }[] = []
  let usage: Members | undefined
  for (const part of parts) {
    if (part['usage'] != null) usage = members(part['usage'])
    for (const { index, text, logprobs, finish_reason: finish } of list(part['choices'])) {
      const told = (choices[Number(index)] ??= { text: '', finish: '', tokens: 0 })
      told.text += string(text)
      told.tokens += list(members(logprobs)['tokens']).length
      if (typeof finish === 'string') told.finish = finish
    }
  }
  return {
    choices,
    usage: usage && readUsage(usage, { prompt: 'prompt', completion: 'completion' }),
  }
}

/** OpenAI's inclusive counts, under either pair of words. */
export function readUsage(
  usage: Members,
  { prompt, completion }: { prompt: string; completion: string },
): Told['usage'] {
  const inside = members(usage[`${prompt}_tokens_details`])
  return {
    prompt: count(usage[`${prompt}_tokens`]),
    cached: count(inside['cached_tokens']),
    written: count(inside['cache_write_tokens']),
    completion: count(usage[`${completion}_tokens`]),
    reasoning: count(members(usage[`${completion}_tokens_details`])['reasoning_tokens']),
    total: count(usage['total_tokens']),
  }
}

function readCalls(messages: readonly Members[]): Pick<ToldChoice, 'calls' | 'ids' | 'strangers'> {
  const calls: { name: string; written: string; id: string }[] = []
  for (const { tool_calls: pieces, function_call: deprecated } of messages) {
    const only = { index: 0, function: deprecated, id: 'the only one' }
    const made = deprecated == null ? list(pieces) : [members(only)]
    for (const [position, piece] of made.entries()) {
      const call = (calls[Number(piece['index'] ?? position)] ??= { name: '', written: '', id: '' })
      const { name, arguments: json, input } = members(piece['function'] ?? piece['custom'])
      call.id = call.id || string(piece['id'])
      call.name = call.name || string(name)
      call.written += string(json ?? input)
    }
  }
  return {
    calls: calls.map(({ name, written }) => ({ name, arguments: readArguments(written) })),
    ids: calls.map(({ id }) => id),
    strangers: messages.flatMap(({ tool_calls: pieces }) =>
      list(pieces)
        .flatMap(Object.keys)
        .filter((name) => !callMembers.has(name)),
    ),
  }
}

function nativesOf(parts: unknown) {
  return list(parts)
    .filter(({ type }) => type === 'native')
    .map(({ dialect, part }) => ({ dialect: string(dialect), part }))
}
