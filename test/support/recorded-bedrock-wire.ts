import { decodeMessages } from './bedrock-frames.ts'
import type { BedrockRecording } from './recorded-bedrock.ts'

/** A plain reading of Converse's answers, for tests alone: it shares no code with the dialect. */
export interface WireConverse {
  text: string
  thoughts: string
  signatures: string[]
  sealed: string[]
  calls: { id: string; name: string; input: unknown }[]
  natives: unknown[]
  finish: string | undefined
  beside: Record<string, unknown>
  usage: Record<string, number> | undefined
}

interface Block {
  text?: string
  toolUse?: { toolUseId: string; name: string; input?: unknown; type?: string }
  reasoningContent?: {
    reasoningText?: { text: string; signature?: string }
    redactedContent?: string
  }
  toolResult?: object
}

type Payload = Record<string, unknown> & {
  contentBlockIndex?: number
  start?: Record<string, Record<string, unknown>>
  delta?: {
    text?: string
    toolUse?: { input: string }
    toolResult?: unknown[]
    reasoningContent?: { text?: string; signature?: string; redactedContent?: string }
  }
}

interface Whole {
  blocks: Block[]
  finish: string | undefined
  usage: Record<string, number> | undefined
  beside: Record<string, unknown>
}

export function readConverse(answer: BedrockRecording['answer']): WireConverse {
  const { blocks, finish, usage, beside } = wholeOf(answer)
  const thoughts = blocks.flatMap(({ reasoningContent }) => reasoningContent ?? [])
  const isServer = ({ toolUse, toolResult }: Block): boolean =>
    toolUse?.type === 'server_tool_use' || toolResult !== undefined
  return {
    text: blocks.map(({ text = '' }) => text).join(''),
    thoughts: thoughts.map(({ reasoningText }) => reasoningText?.text ?? '').join(''),
    signatures: thoughts.flatMap(({ reasoningText }) => reasoningText?.signature ?? []),
    sealed: thoughts.flatMap(({ redactedContent }) => redactedContent ?? []),
    calls: blocks.flatMap((block) =>
      block.toolUse && !isServer(block)
        ? [
            {
              id: block.toolUse.toolUseId,
              name: block.toolUse.name,
              input: block.toolUse.input ?? {},
            },
          ]
        : [],
    ),
    natives: blocks.filter(isServer),
    finish,
    beside,
    usage,
  }
}

/** The blocks as they go back in the next turn: blank texts and unsigned thoughts stay behind. */
export function answeredMessage(answer: BedrockRecording['answer']): unknown[] {
  return wholeOf(answer).blocks.flatMap((block): unknown[] => {
    if (block.text !== undefined) return block.text.trim() === '' ? [] : [{ text: block.text }]
    if (block.reasoningContent) {
      const { reasoningText, redactedContent } = block.reasoningContent
      return reasoningText?.signature !== undefined || redactedContent !== undefined
        ? [{ reasoningContent: block.reasoningContent }]
        : []
    }
    if (block.toolUse && block.toolUse.type !== 'server_tool_use') {
      const { toolUseId, name, input = {} } = block.toolUse
      return [{ toolUse: { toolUseId, name, input } }]
    }
    return [block]
  })
}

function wholeOf(answer: BedrockRecording['answer']): Whole {
  if (answer.kind === 'body') {
    const { output, stopReason, usage, ...beside } = JSON.parse(answer.text)
    return { blocks: output.message.content, finish: stopReason, usage, beside: given(beside) }
  }
  const events =
    answer.kind === 'bytes'
      ? decodeMessages(answer.bytes).map(({ headers, payload }) => ({
          type: headers[':event-type'] ?? '',
          payload: JSON.parse(payload),
        }))
      : answer.lines.map((line) => {
          const [type = '', payload] = Object.entries<Payload>(JSON.parse(line))[0] ?? []
          return { type, payload }
        })
  return joined(events)
}

function joined(events: readonly { type: string; payload: Payload | undefined }[]): Whole {
  const blocks = new Map<number | undefined, Block & { written?: string }>()
  const whole: Whole = { blocks: [], finish: undefined, usage: undefined, beside: {} }
  for (const { type, payload = {} } of events) {
    const block = blocks.get(payload.contentBlockIndex) ?? {}
    if (type === 'contentBlockStart') Object.assign(block, payload.start)
    if (type === 'contentBlockDelta') addDelta(block, payload.delta ?? {})
    if (type.startsWith('contentBlock')) blocks.set(payload.contentBlockIndex, block)
    if (type === 'messageStop' || type === 'metadata') {
      const { p: _, stopReason, usage, ...beside } = payload
      if (typeof stopReason === 'string') whole.finish = stopReason
      whole.usage = Object.entries(Object(usage)).length > 0 ? Object(usage) : whole.usage
      Object.assign(whole.beside, given(beside))
    }
  }
  whole.blocks = [...blocks.values()].map(({ written, ...block }) => {
    if (block.toolUse) block.toolUse.input = written ? JSON.parse(written) : {}
    return block
  })
  return whole
}

function addDelta(block: Block & { written?: string }, delta: NonNullable<Payload['delta']>): void {
  const { text, toolUse, toolResult, reasoningContent: thought } = delta
  if (text !== undefined) block.text = (block.text ?? '') + text
  if (toolUse) block.written = (block.written ?? '') + toolUse.input
  if (toolResult) block.toolResult = { ...block.toolResult, content: toolResult }
  if (!thought) return
  const content = (block.reasoningContent ??= {})
  if (thought.redactedContent !== undefined) content.redactedContent = thought.redactedContent
  if (thought.text === undefined && thought.signature === undefined) return
  const said = (content.reasoningText ??= { text: '' })
  said.text += thought.text ?? ''
  if (thought.signature !== undefined) said.signature = thought.signature
}

function given(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null))
}
