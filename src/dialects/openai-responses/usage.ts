import type { Usage } from '../../protocol/usage.ts'
import { isRecord } from '../narrow.ts'
import {
  decodeUsage as decodeChatUsage,
  encodeUsage as encodeChatUsage,
} from '../openai-chat/usage.ts'
import { openaiChat } from '../openai-chat/dialect.ts'
import { openaiResponses } from './dialect.ts'

type Raw = Record<string, unknown>

/** Disjoint classes from the counts of a response; an answer that was cut off may report zeros, which say nothing. */
export function decodeUsage(raw: unknown): Usage | undefined {
  if (!isRecord(raw)) return undefined
  if (counts.every((member) => raw[member] === 0)) return undefined
  const usage = decodeChatUsage(renamed(raw, chatNames))
  return usage && { ...usage, raw: { dialect: openaiResponses, body: raw } }
}

/** The same classes in this dialect's words; what the provider did not report is null. */
export function encodeUsage(usage: Usage): Raw {
  const { raw } = usage
  const own = raw?.dialect === openaiResponses
  const shown = own && { dialect: openaiChat, body: renamed(raw.body, chatNames) }
  const { raw: _, ...classes } = usage
  const encoded = encodeChatUsage({ ...classes, ...(shown && { raw: shown }) })
  return {
    ...renamed(encoded, ownNames),
    input_tokens_details: {
      cached_tokens: null,
      cache_write_tokens: null,
      ...object(encoded['prompt_tokens_details']),
    },
    output_tokens_details: {
      reasoning_tokens: null,
      ...object(encoded['completion_tokens_details']),
    },
  }
}

const counts = ['input_tokens', 'output_tokens', 'total_tokens']

const names: readonly (readonly [own: string, chat: string])[] = [
  ['input_tokens', 'prompt_tokens'],
  ['output_tokens', 'completion_tokens'],
  ['input_tokens_details', 'prompt_tokens_details'],
  ['output_tokens_details', 'completion_tokens_details'],
]
const chatNames: ReadonlyMap<string, string> = new Map(names)
const ownNames: ReadonlyMap<string, string> = new Map(names.map(([own, chat]) => [chat, own]))

function renamed(members: Raw, to: ReadonlyMap<string, string>): Raw {
  return Object.fromEntries(
    Object.entries(members).map(([name, value]) => [to.get(name) ?? name, value]),
  )
}

function object(value: unknown): Raw {
  return isRecord(value) ? value : {}
}
