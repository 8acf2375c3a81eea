import { randomUUID } from 'node:crypto'
import type { ChatEvent, FinishReason } from '../../protocol/event.ts'
import type { Extra, ToolCallKind } from '../../protocol/request.ts'
import { isRecord, text, unreadValues } from '../narrow.ts'
import { openaiChat } from './dialect.ts'

/** The calls of one choice, as far as they have come. */
export interface ToolCalls {
  choice: number
  byWireIndex: Map<number, OpenCall>
  all: OpenCall[]
}

interface OpenCall {
  index: number
  kind: ToolCallKind
  /** The upstream's own id; undefined where it gives none. */
  wireId: string | undefined
  /** Undefined until the upstream names the tool; the call is announced only then. */
  name: string | undefined
  /** Arguments that came before the name. */
  waiting: string
  /** All arguments that have come. */
  written: string
  extra: Extra | undefined
  ended: boolean
}

export function noToolCalls(choice: number): ToolCalls {
  return { choice, byWireIndex: new Map(), all: [] }
}

/** One entry of a `tool_calls` array; `wireIndex` is what tells calls apart, where there is one. */
export function addToolCall(
  calls: ToolCalls,
  item: unknown,
  { wireIndex, out }: { wireIndex: number | undefined; out: ChatEvent[] },
): void {
  if (!isRecord(item)) return
  const custom = isRecord(item['custom']) ? item['custom'] : undefined
  const called = custom ?? (isRecord(item['function']) ? item['function'] : {})
  const id = text(item['id'])
  const name = text(called['name'])
  const known = findCall(calls, { wireIndex, id, name })
  const kind = custom || item['type'] === 'custom' ? 'custom' : 'function'
  const call = known ?? openCall(calls, kind, out)
  if (wireIndex !== undefined) calls.byWireIndex.set(wireIndex, call)
  call.wireId ??= id
  if (!known) call.extra = unreadValues(item, readMembers)
  feedCall(calls, call, { name, written: called[custom ? 'input' : 'arguments'], out })
}

/** A piece of OpenAI's deprecated single call, which has no id and no index. */
export function addFunctionCall(calls: ToolCalls, piece: unknown, out: ChatEvent[]): void {
  if (!isRecord(piece)) return
  const known = calls.all.find((call) => call.kind === 'function_call')
  const call = known ?? openCall(calls, 'function_call', out)
  feedCall(calls, call, { name: text(piece['name']), written: piece['arguments'], out })
}

/** The choice is complete, and with it its calls; one of which nothing was written takes no arguments. */
export function endToolCalls(
  calls: ToolCalls,
  reason: FinishReason['unified'],
  out: ChatEvent[],
): void {
  for (const call of calls.all) {
    const takesNothing = call.kind === 'function' && call.written === '' && reason === 'tool_calls'
    if (takesNothing) call.waiting = '{}'
    endCall(calls, call, out)
  }
}

const readMembers: ReadonlySet<string> = new Set(['index', 'id', 'type', 'function', 'custom'])

interface Marks {
  wireIndex: number | undefined
  id: string | undefined
  name: string | undefined
}

/** Some servers leave the index out, or give it to several calls at once: then the id decides. */
function findCall(calls: ToolCalls, { wireIndex, id, name }: Marks): OpenCall | undefined {
  if (wireIndex !== undefined) {
    const known = calls.byWireIndex.get(wireIndex)
    const another = name !== undefined && id !== undefined && known?.wireId !== undefined
    return another && known?.wireId !== id ? undefined : known
  }
  if (id !== undefined) return calls.all.find((call) => call.wireId === id)
  return name === undefined ? calls.all.at(-1) : undefined
}

function openCall(calls: ToolCalls, kind: ToolCallKind, out: ChatEvent[]): OpenCall {
  endWholeCalls(calls, out)
  const call: OpenCall = {
    index: calls.all.length,
    kind,
    wireId: undefined,
    name: undefined,
    waiting: '',
    written: '',
    extra: undefined,
    ended: false,
  }
  calls.all.push(call)
  return call
}

/** The next call may open before the one before it is written: it has ended where nothing can follow. */
function endWholeCalls(calls: ToolCalls, out: ChatEvent[]): void {
  for (const call of calls.all) {
    if (!call.ended && call.kind === 'function' && isWhole(call.written)) endCall(calls, call, out)
  }
}

function isWhole(written: string): boolean {
  if (!written.trimEnd().endsWith('}')) return false
  try {
    return isRecord(JSON.parse(written))
  } catch {
    return false
  }
}

interface Piece {
  name: string | undefined
  written: unknown
  out: ChatEvent[]
}

function feedCall(calls: ToolCalls, call: OpenCall, { name, written, out }: Piece): void {
  const piece = argumentsText(written)
  call.waiting += piece
  call.written += piece
  if (call.name === undefined) {
    if (name === undefined) return
    startCall(calls, call, { name, out })
  }
  flushArguments(calls, call, out)
}

function startCall(
  calls: ToolCalls,
  call: OpenCall,
  { name, out }: { name: string; out: ChatEvent[] },
): void {
  call.name = name
  out.push({
    type: 'tool-call-start',
    choice: calls.choice,
    index: call.index,
    id: call.kind === 'function_call' ? '' : (call.wireId ?? madeUpId()),
    kind: call.kind,
    name,
    ...(call.extra && { extra: { dialect: openaiChat, members: call.extra } }),
  })
}

function flushArguments(calls: ToolCalls, call: OpenCall, out: ChatEvent[]): void {
  if (call.waiting === '') return
  const argumentsDelta = call.waiting
  call.waiting = ''
  out.push({ type: 'tool-call-delta', choice: calls.choice, index: call.index, argumentsDelta })
}

function endCall(calls: ToolCalls, call: OpenCall, out: ChatEvent[]): void {
  if (call.ended) return
  if (call.name === undefined) startCall(calls, call, { name: '', out })
  flushArguments(calls, call, out)
  call.ended = true
  out.push({ type: 'tool-call-end', choice: calls.choice, index: call.index })
}

/** A string of JSON by the book; some servers send the object itself, or null for nothing. */
function argumentsText(written: unknown): string {
  if (typeof written === 'string') return written
  return written === null || written === undefined ? '' : JSON.stringify(written)
}

function madeUpId(): string {
  return `call_${randomUUID().replaceAll('-', '').slice(0, 24)}`
}
