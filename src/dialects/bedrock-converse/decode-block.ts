import type { Annotation, ChatEvent } from '../../protocol/event.ts'
import type { Extra } from '../../protocol/request.ts'
import { isRecord, text } from '../narrow.ts'
import { bedrockConverse } from './dialect.ts'

/** A whole block of an answer, as events; `nextCall` counts the calls. */
export function decodeBlock(block: unknown, nextCall: () => number): ChatEvent[] {
  if (!isRecord(block)) return []
  const { text: written, toolUse, reasoningContent, citationsContent } = block
  if (typeof written === 'string') return decodeText(written)
  if (isRecord(toolUse) && !isServerTool(toolUse)) return decodeCall(toolUse, nextCall())
  if (isRecord(reasoningContent)) return decodeReasoning(reasoningContent)
  if (isRecord(citationsContent)) return decodeCited(citationsContent)
  return [nativePart(block)]
}

/** A tool that the provider runs itself: its call and its result belong to the answer. */
export function isServerTool(toolUse: Record<string, unknown>): boolean {
  return toolUse['type'] === 'server_tool_use'
}

export function nativePart(part: Extra): ChatEvent {
  return { type: 'native-part', choice: 0, dialect: bedrockConverse, part }
}

/** A citation with its page, where it has one. */
export function decodeCitation(raw: unknown): Annotation {
  const annotation: Annotation = { dialect: bedrockConverse, raw }
  if (!isRecord(raw)) return annotation
  const { location } = raw
  const web = isRecord(location) ? location['web'] : undefined
  const url = isRecord(web) ? text(web['url']) : text(raw['source'])
  if (url !== undefined && /^https?:/.test(url)) annotation.url = url
  annotation.title = text(raw['title'])
  return annotation
}

function decodeText(written: string): ChatEvent[] {
  return [
    { type: 'part-start', choice: 0, kind: 'text' },
    { type: 'text-delta', choice: 0, text: written },
  ]
}

function decodeCall(
  { toolUseId, name, input }: Record<string, unknown>,
  index: number,
): ChatEvent[] {
  const call = { choice: 0, index }
  return [
    {
      ...call,
      type: 'tool-call-start',
      id: text(toolUseId) ?? '',
      kind: 'function',
      name: text(name) ?? '',
    },
    { ...call, type: 'tool-call-delta', argumentsDelta: JSON.stringify(input ?? {}) },
    { ...call, type: 'tool-call-end' },
  ]
}

function decodeReasoning(content: Record<string, unknown>): ChatEvent[] {
  const { reasoningText, redactedContent } = content
  const open: ChatEvent = { type: 'part-start', choice: 0, kind: 'reasoning' }
  if (isRecord(reasoningText)) {
    const signature = text(reasoningText['signature'])
    return [
      open,
      {
        type: 'reasoning-delta',
        choice: 0,
        text: text(reasoningText['text']) ?? '',
        ...(signature !== undefined && { signature: own(signature) }),
      },
    ]
  }
  const sealed = text(redactedContent)
  if (sealed === undefined) return []
  return [open, { type: 'reasoning-delta', choice: 0, text: '', sealed: own(sealed) }]
}

function own(value: string): { dialect: string; value: string } {
  return { dialect: bedrockConverse, value }
}

/** Text that stands in another member because sources are named for it. */
function decodeCited({ content, citations }: Record<string, unknown>): ChatEvent[] {
  const pieces: unknown[] = Array.isArray(content) ? content : []
  const written = pieces.map((piece) => (isRecord(piece) && text(piece['text'])) || '').join('')
  const sources: unknown[] = Array.isArray(citations) ? citations : []
  const events = decodeText(written)
  if (sources.length > 0) {
    events.push({ type: 'annotations', choice: 0, annotations: sources.map(decodeCitation) })
  }
  return events
}
