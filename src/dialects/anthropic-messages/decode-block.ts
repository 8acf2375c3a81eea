import type { ChatEvent } from '../../protocol/event.ts'
import type { Extra } from '../../protocol/request.ts'
import { isRecord, text, unread } from '../narrow.ts'
import { decodeCitation } from './citation.ts'
import { anthropicMessages } from './dialect.ts'

/** A block of an answer while it is open. */
export type OpenBlock =
  | { kind: 'text' | 'thinking' | 'done' }
  | { kind: 'call'; index: number; written: string }
  | { kind: 'native'; part: Extra; input: string }

/** What must be remembered of the blocks of one answer. */
export interface Blocks {
  calls: number
}

/** The beginning of a block; in a whole answer all of it. */
export function openBlock(blocks: Blocks, block: Extra, out: ChatEvent[]): OpenBlock {
  switch (block['type']) {
    case 'text':
      return openText(block, out)
    case 'thinking':
      return openThinking(block, out)
    case 'redacted_thinking':
      return sealedThinking(block, out)
    case 'tool_use':
      return openCall(blocks, block, out)
    default:
      return { kind: 'native', part: block, input: '' }
  }
}

/** The next piece of a block. */
export function addToBlock(open: OpenBlock, delta: Extra, out: ChatEvent[]): void {
  if (open.kind === 'native') return addToNative(open, delta)
  switch (delta['type']) {
    case 'text_delta':
      pushText(delta['text'], out)
      return
    case 'thinking_delta':
      pushThought(delta['thinking'], out)
      return
    case 'signature_delta':
      pushSignature(delta['signature'], out)
      return
    case 'citations_delta':
      out.push({ type: 'annotations', choice, annotations: [decodeCitation(delta['citation'])] })
      return
    case 'input_json_delta':
      if (open.kind === 'call') pushArguments(open, delta['partial_json'], out)
  }
}

/** The end of a block; a call of which nothing was written has no arguments. */
export function closeBlock(open: OpenBlock, out: ChatEvent[]): void {
  if (open.kind === 'call') {
    if (open.written === '') pushArguments(open, '{}', out)
    out.push({ type: 'tool-call-end', choice, index: open.index })
  }
  if (open.kind === 'native') {
    const part = open.input === '' ? open.part : { ...open.part, input: parsed(open.input) }
    out.push({ type: 'native-part', choice, dialect: anthropicMessages, part })
  }
}

/** There is one answer to a request. */
export const choice = 0

const textMembers: ReadonlySet<string> = new Set(['type', 'text'])
const thinkingMembers: ReadonlySet<string> = new Set(['type', 'thinking', 'signature'])
const callMembers: ReadonlySet<string> = new Set(['type', 'id', 'name', 'input'])

function openText(block: Extra, out: ChatEvent[]): OpenBlock {
  const { citations } = block
  const cited = Array.isArray(citations) && citations.length > 0
  const members = unread(block, cited ? new Set([...textMembers, 'citations']) : textMembers)
  pushStart('text', members, out)
  pushText(block['text'], out)
  if (cited) out.push({ type: 'annotations', choice, annotations: citations.map(decodeCitation) })
  return { kind: 'text' }
}

function openThinking(block: Extra, out: ChatEvent[]): OpenBlock {
  pushStart('reasoning', unread(block, thinkingMembers), out)
  pushThought(block['thinking'], out)
  pushSignature(block['signature'], out)
  return { kind: 'thinking' }
}

function sealedThinking(block: Extra, out: ChatEvent[]): OpenBlock {
  pushStart('reasoning', undefined, out)
  const sealed = { dialect: anthropicMessages, value: text(block['data']) ?? '' }
  out.push({ type: 'reasoning-delta', choice, text: '', sealed })
  return { kind: 'done' }
}

function openCall(blocks: Blocks, block: Extra, out: ChatEvent[]): OpenBlock {
  const index = blocks.calls
  blocks.calls += 1
  const extra = unread(block, callMembers)
  out.push({
    type: 'tool-call-start',
    choice,
    index,
    id: text(block['id']) ?? '',
    kind: 'function',
    name: text(block['name']) ?? '',
    ...(extra && { extra: { dialect: anthropicMessages, members: extra } }),
  })
  const open = { kind: 'call' as const, index, written: '' }
  const { input } = block
  if (isRecord(input) && Object.keys(input).length > 0) {
    pushArguments(open, JSON.stringify(input), out)
  }
  return open
}

function pushStart(kind: 'text' | 'reasoning', members: Extra | undefined, out: ChatEvent[]): void {
  const extra = { dialect: anthropicMessages, members: members ?? {} }
  out.push({ type: 'part-start', choice, kind, extra })
}

function pushText(written: unknown, out: ChatEvent[]): void {
  if (text(written) !== undefined) out.push({ type: 'text-delta', choice, text: String(written) })
}

function pushThought(thought: unknown, out: ChatEvent[]): void {
  if (text(thought) !== undefined) {
    out.push({ type: 'reasoning-delta', choice, text: String(thought) })
  }
}

function pushSignature(value: unknown, out: ChatEvent[]): void {
  const given = text(value)
  if (given === undefined) return
  const signature = { dialect: anthropicMessages, value: given }
  out.push({ type: 'reasoning-delta', choice, text: '', signature })
}

function pushArguments(
  open: Extract<OpenBlock, { kind: 'call' }>,
  piece: unknown,
  out: ChatEvent[],
): void {
  const argumentsDelta = text(piece)
  if (argumentsDelta === undefined) return
  open.written += argumentsDelta
  out.push({ type: 'tool-call-delta', choice, index: open.index, argumentsDelta })
}

/** Blocks that only this wire knows are shown whole; texts grow, everything else is replaced. */
function addToNative(open: Extract<OpenBlock, { kind: 'native' }>, delta: Extra): void {
  const { type, ...pieces } = delta
  if (type === 'input_json_delta') {
    open.input += text(pieces['partial_json']) ?? ''
    return
  }
  const grown = Object.entries(pieces).map(([member, piece]) => {
    const before = open.part[member]
    const joined = typeof before === 'string' && typeof piece === 'string' ? before + piece : piece
    return [member, joined]
  })
  open.part = { ...open.part, ...Object.fromEntries(grown) }
}

function parsed(written: string): unknown {
  try {
    return JSON.parse(written)
  } catch {
    return { INVALID_JSON: written }
  }
}
