import { alphanumeric, padding } from './identifiers.ts'
import type { AnsweredChoice, Completion } from './openai-answer.ts'
import { logprobsMember, usageBody } from './openai-body.ts'
import type { AnsweredCall } from './openai-tools.ts'
import type { InvoiceEntry, Piece, Voice, VoiceCall } from './provider.ts'
import { tokenize } from './tokens.ts'

export interface StreamOptions {
  includeUsage: boolean
  obfuscate: boolean
}

export const terminator = 'data: [DONE]\n\n'

export function encodeFrame(frame: object): string {
  return `data: ${JSON.stringify(frame)}\n\n`
}

/** The whole stream: openings, deltas of the choices in turn, finishes, usage, terminator. */
export function completionPieces(completion: Completion, options: StreamOptions): Piece[] {
  const { chunk, usage } = encoder(completion, options)
  const deltas = completion.choices.map((choice) => deltasOf(choice))
  const steps = Math.max(...deltas.map((list) => list.length))
  const pieces: Piece[] = []
  for (let step = 0; step < steps; step += 1) {
    for (const [index, choice] of completion.choices.entries()) {
      const delta = deltas[index]?.[step]
      if (delta) pieces.push(chunk(choice, delta))
    }
  }
  for (const choice of completion.choices) pieces.push(chunk(choice, finishOf(choice.finish)))
  if (options.includeUsage) pieces.push(usage())
  return [...pieces, { raw: terminator, tokens: 0 }]
}

/** The same stream, spoken by a test. */
export function streamVoice(
  completion: Completion,
  options: StreamOptions & { entry: InvoiceEntry },
): Voice {
  const { chunk, usage } = encoder(completion, options)
  const tokens = completion.tokens
  const says = (index: number, delta: Delta): Piece => {
    tokens.visible += delta.tokens.length
    return chunk({ index, kind: delta.kind ?? 'text' }, delta)
  }
  return {
    entry: options.entry,
    wantsUsage: options.includeUsage,
    open: () => completion.choices.map(({ index }) => says(index, textOpening)),
    text: (text, index) => [says(index, { members: { content: text }, tokens: tokenize(text) })],
    toolCall: (call) => callDeltas(voiceCall(call), call.index ?? 0).map((it) => says(0, it)),
    finish: (reason, index) => [says(index, finishOf(reason))],
    usage: () => [usage()],
  }
}

interface Delta {
  members: object
  /** The tokens generated for it; one, but in text that a test writes. */
  tokens: string[]
  kind?: AnsweredChoice['kind']
  /** Its own log probabilities: absent on the last chunk. */
  finish?: string
  /** Parallel calls were recorded with `usage` before `choices`. */
  usageFirst?: boolean
}

const textOpening: Delta = {
  members: { role: 'assistant', content: '', refusal: null },
  tokens: [],
}

function finishOf(finish: string): Delta {
  return { members: {}, tokens: [], finish }
}

function encoder(completion: Completion, options: StreamOptions) {
  const head = {
    id: completion.id,
    object: 'chat.completion.chunk',
    created: completion.created,
    model: completion.model.snapshot,
    service_tier: completion.serviceTier,
    system_fingerprint: completion.model.fingerprint,
  }
  const tail = () => (options.obfuscate ? { obfuscation: padding() } : {})
  const noUsage = options.includeUsage ? { usage: null } : {}
  const chunk = (choice: Pick<AnsweredChoice, 'index' | 'kind'>, delta: Delta): Piece => {
    const { members, tokens, finish, usageFirst } = delta
    const logprobs = logprobsMember(completion, choice.kind, finish ? undefined : tokens)
    const body = { index: choice.index, delta: members, ...logprobs, finish_reason: finish ?? null }
    const frame = usageFirst
      ? { ...head, ...noUsage, choices: [body], ...tail() }
      : { ...head, choices: [body], ...noUsage, ...tail() }
    return { raw: encodeFrame(frame), tokens: tokens.length }
  }
  const usage = (): Piece => {
    const frame = { ...head, choices: [], usage: usageBody(completion.tokens), ...tail() }
    return { raw: encodeFrame(frame), tokens: 0 }
  }
  return { chunk, usage }
}

function deltasOf({ kind, tokens, calls }: AnsweredChoice): Delta[] {
  if (kind === 'calls') return callsOf(calls)
  if (kind === 'refusal') {
    const opening = { members: { role: 'assistant', content: null, refusal: '' }, tokens: [] }
    return [opening, ...tokens.map((token) => ({ members: { refusal: token }, tokens: [token] }))]
  }
  return [textOpening, ...tokens.map((token) => ({ members: { content: token }, tokens: [token] }))]
}

/** A single call opens together with the role, parallel calls come after it one by one. */
function callsOf(calls: AnsweredCall[]): Delta[] {
  const [first, ...others] = calls.map((call, index) => callDeltas(call, index))
  if (!first) return [textOpening]
  if (others.length === 0) {
    return first.map((delta, index) => (index === 0 ? withRole(delta) : delta))
  }
  const opening: Delta = { members: { role: 'assistant', content: null }, tokens: [] }
  const deltas = [opening, ...first, ...others.flat()]
  return deltas.map((delta) => ({ ...delta, usageFirst: true }))
}

function withRole(delta: Delta): Delta {
  const members = { role: 'assistant', content: null, ...delta.members, refusal: null }
  return { ...delta, members }
}

function callDeltas(call: AnsweredCall, index: number): Delta[] {
  const { id, kind, name, fragments } = call
  const member = kind === 'custom' ? 'input' : 'arguments'
  const opening = { index, id, type: kind, [kind]: { name, [member]: '' } }
  return [
    { members: { tool_calls: [opening] }, tokens: [name], kind: 'calls' },
    ...fragments.map((fragment): Delta => {
      const part = { index, [kind]: { [member]: fragment } }
      return { members: { tool_calls: [part] }, tokens: [fragment], kind: 'calls' }
    }),
  ]
}

function voiceCall(call: VoiceCall): AnsweredCall {
  const id = call.id ?? `call_${alphanumeric(24)}`
  return { id, kind: 'function', name: call.name, fragments: tokenize(call.arguments) }
}
