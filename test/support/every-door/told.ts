import type { ChatEvent } from '../../../src/protocol/event.ts'
import type { Usage } from '../../../src/protocol/usage.ts'

/** What an answer tells its reader, in words that no wire has. */
export interface Told {
  choices: ToldChoice[]
  usage: ToldUsage | undefined
}

export interface ToldChoice {
  text: string
  reasoning: string
  refusal: string
  /** In their order, with the arguments as JSON where they are JSON. */
  calls: { name: string; arguments: unknown }[]
  /** The ids of the calls. */
  ids: string[]
  /** Members of the calls that the wire does not have. */
  strangers: string[]
  citations: number
  /** Parts of one vendor. */
  natives: { dialect: string; part: unknown }[]
  /** Tokens with log probabilities. */
  tokens: number
  /** Characters of spoken output. */
  spoken: number
  finish: string
}

/** Inclusive counts; a count that is not there is unknown. */
export interface ToldUsage {
  prompt: number | undefined
  cached: number | undefined
  written: number | undefined
  completion: number | undefined
  reasoning: number | undefined
  total: number | undefined
}

/** What the events say, added up without any code of the gateway. */
export function toldBy(events: readonly ChatEvent[]): Told {
  const choices: ToldChoice[] = []
  const written: string[][] = []
  let usage: Usage | undefined
  for (const event of events) {
    if (event.type === 'usage') usage = event.usage
    if (!('choice' in event) || event.choice === undefined) continue
    const told = (choices[event.choice] ??= nothingTold())
    const args = (written[event.choice] ??= [])
    switch (event.type) {
      case 'text-delta':
        told.text += event.text
        told.tokens += event.logprobs?.length ?? 0
        break
      case 'reasoning-delta':
        told.reasoning += event.text
        break
      case 'refusal-delta':
        told.refusal += event.text
        break
      case 'annotations':
        told.citations += event.annotations.length
        break
      case 'audio':
        told.spoken += lengthOf(event.audio['data'])
        break
      case 'native-part':
        told.natives.push({ dialect: event.dialect, part: event.part })
        break
      case 'tool-call-start':
        told.calls[event.index] = { name: event.name, arguments: '' }
        args[event.index] = ''
        break
      case 'tool-call-delta':
        args[event.index] += event.argumentsDelta
        break
      case 'finish':
        told.finish = event.reason.unified
        break
      default:
    }
  }
  for (const [index, { calls }] of choices.entries()) {
    for (const [at, call] of calls.entries()) call.arguments = readArguments(written[index]?.[at])
  }
  return { choices, usage: usage && toldUsage(usage) }
}

export function nothingTold(): ToldChoice {
  return {
    text: '',
    reasoning: '',
    refusal: '',
    calls: [],
    ids: [],
    strangers: [],
    citations: 0,
    natives: [],
    tokens: 0,
    spoken: 0,
    finish: '',
  }
}

/** As JSON; custom tools take any text. */
export function readArguments(written: unknown): unknown {
  if (typeof written !== 'string') return written
  try {
    return JSON.parse(written)
  } catch {
    return written
  }
}

export type Members = Record<string, unknown>

export function members(value: unknown): Members {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

export function list(value: unknown): Members[] {
  return Array.isArray(value) ? value.map(members) : []
}

export function string(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** A count that may be absent or null. */
export function count(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

/** Undefined where nothing is known. */
export function sum(...counts: (number | undefined)[]): number | undefined {
  const known = counts.filter((each) => each !== undefined)
  return known.length === 0 ? undefined : known.reduce((before, each) => before + each, 0)
}

function lengthOf(value: unknown): number {
  return typeof value === 'string' ? value.length : 0
}

function toldUsage(usage: Usage): ToldUsage {
  const { inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, reasoningTokens } = usage
  const prompt = sum(inputTokens, cachedInputTokens, cacheWriteTokens)
  const completion = sum(outputTokens, reasoningTokens)
  const both = prompt !== undefined && completion !== undefined
  return {
    prompt,
    cached: cachedInputTokens,
    written: cacheWriteTokens,
    completion,
    reasoning: reasoningTokens,
    total: both ? prompt + completion : usage.totalTokens,
  }
}
