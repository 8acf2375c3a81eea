import type { ChatEvent } from '../../protocol/event.ts'
import type { Extra } from '../../protocol/request.ts'
import { parseFrame } from '../broken-answer.ts'
import { isRecord, text } from '../narrow.ts'
import { decodeCitation, isServerTool, nativePart } from './decode-block.ts'
import { bedrockConverse } from './dialect.ts'

/** The blocks of a stream that are open; they are told apart by their index. */
export interface Blocks {
  open: Map<unknown, Block>
  /** How many calls there were so far. */
  calls: number
}

type Block =
  | { kind: 'text' | 'reasoning'; opened: boolean; sealed: Buffer[] }
  | { kind: 'call'; index: number; written: boolean }
  /** A block that only this dialect knows, gathered until it is whole. */
  | { kind: 'native'; member: string; start: Extra; pieces: unknown[] }

export function newBlocks(): Blocks {
  return { open: new Map(), calls: 0 }
}

/** Texts and thoughts have no start: they open with their first delta. */
export function openBlock(blocks: Blocks, payload: Extra, out: ChatEvent[]): void {
  const start = isRecord(payload['start']) ? payload['start'] : {}
  const [member, value] = Object.entries(start)[0] ?? []
  if (member === undefined || !isRecord(value)) return
  const at = payload['contentBlockIndex']
  if (member !== 'toolUse' || isServerTool(value)) {
    blocks.open.set(at, { kind: 'native', member, start: value, pieces: [] })
    return
  }
  const index = blocks.calls
  blocks.calls += 1
  blocks.open.set(at, { kind: 'call', index, written: false })
  out.push({
    type: 'tool-call-start',
    choice: 0,
    index,
    id: text(value['toolUseId']) ?? '',
    kind: 'function',
    name: text(value['name']) ?? '',
  })
}

export function feedBlock(blocks: Blocks, payload: Extra, out: ChatEvent[]): void {
  const delta = isRecord(payload['delta']) ? payload['delta'] : {}
  const at = payload['contentBlockIndex']
  let block = blocks.open.get(at)
  if (!block) {
    const kind = 'reasoningContent' in delta ? 'reasoning' : 'text'
    blocks.open.set(at, (block = { kind, opened: false, sealed: [] }))
  }
  switch (block.kind) {
    case 'native':
      block.pieces.push(delta[block.member])
      break
    case 'call':
      feedCall(block, delta['toolUse'], out)
      break
    case 'text':
    case 'reasoning':
      feedSpoken(block, delta, out)
      break
    default:
      block satisfies never
  }
}

export function closeBlock(blocks: Blocks, payload: Extra, out: ChatEvent[]): void {
  const at = payload['contentBlockIndex']
  const block = blocks.open.get(at)
  blocks.open.delete(at)
  if (block?.kind === 'native') out.push(nativePart({ [block.member]: wholeNative(block) }))
  if (block?.kind === 'call') {
    const { index, written } = block
    // A call without arguments writes nothing.
    if (!written) out.push({ type: 'tool-call-delta', choice: 0, index, argumentsDelta: '{}' })
    out.push({ type: 'tool-call-end', choice: 0, index })
  }
  if (block?.kind === 'reasoning' && block.sealed.length > 0) {
    const value = Buffer.concat(block.sealed).toString('base64')
    out.push(opening(block))
    out.push({ type: 'reasoning-delta', choice: 0, text: '', sealed: own(value) })
  }
}

type Spoken = Extract<Block, { opened: boolean }>

function feedCall(block: Extract<Block, { kind: 'call' }>, piece: unknown, out: ChatEvent[]): void {
  const argumentsDelta = isRecord(piece) ? text(piece['input']) : undefined
  if (argumentsDelta === undefined) return
  block.written = true
  out.push({ type: 'tool-call-delta', choice: 0, index: block.index, argumentsDelta })
}

function feedSpoken(block: Spoken, delta: Extra, out: ChatEvent[]): void {
  const { text: written, reasoningContent: thought, citation } = delta
  if (isRecord(thought)) return feedThought(block, thought, out)
  if (text(written) !== undefined || citation !== undefined) {
    if (!block.opened) out.push(opening(block))
  }
  if (typeof written === 'string' && written !== '') {
    out.push({ type: 'text-delta', choice: 0, text: written })
  }
  if (citation !== undefined) {
    out.push({ type: 'annotations', choice: 0, annotations: [decodeCitation(citation)] })
  }
}

function feedThought(block: Spoken, thought: Extra, out: ChatEvent[]): void {
  const written = text(thought['text'])
  const signature = text(thought['signature'])
  const sealed = text(thought['redactedContent'])
  if (sealed !== undefined) block.sealed.push(Buffer.from(sealed, 'base64'))
  if (written === undefined && signature === undefined) return
  if (!block.opened) out.push(opening(block))
  out.push({
    type: 'reasoning-delta',
    choice: 0,
    text: written ?? '',
    ...(signature !== undefined && { signature: own(signature) }),
  })
}

/** Empty blocks are no parts, so a part opens with what is in it. */
function opening(block: Spoken): ChatEvent {
  block.opened = true
  return { type: 'part-start', choice: 0, kind: block.kind }
}

function own(value: string): { dialect: string; value: string } {
  return { dialect: bedrockConverse, value }
}

function wholeNative({ member, start, pieces }: Extract<Block, { kind: 'native' }>): Extra {
  const lists = pieces.filter((piece) => Array.isArray(piece))
  const objects = pieces.filter(isRecord)
  if (member === 'toolUse') {
    const written = objects.map(({ input }) => text(input) ?? '').join('')
    return { ...start, input: written === '' ? {} : parseFrame(written) }
  }
  if (lists.length > 0) return { ...start, content: lists.flat() }
  return Object.assign({ ...start }, ...objects)
}
