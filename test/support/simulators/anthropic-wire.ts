import { randomInt } from 'node:crypto'
import { type MessageAnswer, type MessageTokens, tokensOfBlock } from './anthropic-answer.ts'
import type { WireBlock } from './anthropic-request.ts'
import { alphanumeric } from './identifiers.ts'
import type { InvoiceEntry, Piece, Voice, VoiceCall } from './provider.ts'
import { tokenize } from './tokens.ts'

/** The event that ends a stream; nothing follows it. */
export const terminator = 'event: message_stop\ndata: {"type":"message_stop"      }\n\n'

/** The data is padded before its last brace, so that its size says nothing. */
export function encodeFrame(frame: object): string {
  const type: unknown = 'type' in frame ? frame.type : 'error'
  const json = JSON.stringify(frame)
  return `event: ${String(type)}\ndata: ${json.slice(0, -1)}${' '.repeat(randomInt(16))}}\n\n`
}

const ping = 'event: ping\ndata: {"type": "ping"}\n\n'

/** The JSON answer, members in the recorded order. */
export function messageBody(answer: MessageAnswer): object {
  const { id, model, blocks, stop, tokens } = answer
  return {
    model,
    id,
    type: 'message',
    role: 'assistant',
    content: blocks,
    stop_reason: stop.reason,
    stop_sequence: stop.sequence,
    stop_details: stop.details,
    usage: usageBody(tokens, tokens.thought + tokens.visible),
  }
}

/** The whole stream: start, blocks one after another with a ping amid them, delta and stop. */
export function messagePieces(answer: MessageAnswer): Piece[] {
  const blocks = answer.blocks.flatMap((block, index) => blockPieces(block, index, answer.tokens))
  const [first, ...rest] = blocks
  const content = first ? [first, free(ping), ...rest] : [free(ping)]
  return [free(startFrame(answer)), ...content, free(deltaFrame(answer)), free(terminator)]
}

/** The same stream, spoken by a test. */
export function messageVoice(answer: MessageAnswer, entry: InvoiceEntry): Voice {
  answer.tokens.visible = 0
  answer.tokens.thought = 0
  let index = -1
  let isText = false
  const close = (): Piece[] => (index < 0 ? [] : [stopOf(index)])
  const begin = (block: WireBlock): Piece[] => {
    const closed = close()
    index += 1
    return [...closed, startOf(index, block)]
  }
  return {
    entry,
    // The usage needs no asking: it stands beside the finish.
    wantsUsage: false,
    open: () => [free(startFrame(answer))],
    text: (text) => {
      const opened = isText ? [] : begin({ type: 'text', text: '' })
      isText = true
      const tokens = tokenize(text).length
      answer.tokens.visible += tokens
      return [...opened, deltaOf(index, { type: 'text_delta', text }, tokens)]
    },
    toolCall: ({ name, arguments: written, id }: VoiceCall) => {
      isText = false
      const call = { type: 'tool_use', id: id ?? `toolu_01${alphanumeric(22)}`, name, input: {} }
      const opened = begin(call)
      answer.tokens.visible += tokenize(written).length
      return [...opened, ...jsonDeltas(index, written)]
    },
    finish: (reason) => {
      answer.stop.reason = reason === 'stop' ? 'end_turn' : reason
      return [...close(), free(deltaFrame(answer))]
    },
    usage: () => [],
  }
}

function free(raw: string): Piece {
  return { raw, tokens: 0 }
}

/** At its start a message has all of its input and hardly any of its output. */
function startFrame({ id, model, tokens }: MessageAnswer): string {
  const message = {
    model,
    id,
    type: 'message',
    role: 'assistant',
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    usage: usageBody({ ...tokens, thought: 0 }, 1),
  }
  return encodeFrame({ type: 'message_start', message })
}

function deltaFrame({ stop, tokens }: MessageAnswer): string {
  const {
    service_tier: _,
    inference_geo: __,
    cache_creation: ___,
    ...usage
  } = usageBody(tokens, tokens.thought + tokens.visible)
  const delta = {
    stop_reason: stop.reason,
    stop_sequence: stop.sequence,
    stop_details: stop.details,
  }
  return encodeFrame({ type: 'message_delta', delta, usage })
}

function usageBody({ prompt, read, written, thought }: MessageTokens, output: number) {
  return {
    input_tokens: prompt - read - written,
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    cache_creation: { ephemeral_5m_input_tokens: written, ephemeral_1h_input_tokens: 0 },
    output_tokens: output,
    ...(thought > 0 && { output_tokens_details: { thinking_tokens: thought } }),
    service_tier: 'standard',
    inference_geo: 'global',
  }
}

function blockPieces(block: WireBlock, index: number, tokens: MessageTokens): Piece[] {
  return [...openPieces(block, index, tokens), stopOf(index)]
}

function openPieces(block: WireBlock, index: number, { thought }: MessageTokens): Piece[] {
  switch (block.type) {
    case 'text': {
      const { citations, ...rest } = block
      const cited = Array.isArray(citations) ? citations : []
      const opening = { ...rest, ...(cited.length > 0 && { citations: [] }), text: '' }
      return [
        startOf(index, opening),
        ...cited.map((citation: unknown) =>
          deltaOf(index, { type: 'citations_delta', citation }, 0),
        ),
        ...tokensOfBlock(block).map((text) => deltaOf(index, { type: 'text_delta', text }, 1)),
      ]
    }
    case 'thinking': {
      const { signature, thinking } = block
      const shown = thinking === '' ? [] : [{ type: 'thinking_delta', thinking }]
      return [
        startOf(index, { type: 'thinking', thinking: '', signature: '' }),
        ...shown.map((delta) => deltaOf(index, delta, 0)),
        deltaOf(index, { type: 'signature_delta', signature }, thought),
      ]
    }
    case 'redacted_thinking':
      return [{ ...startOf(index, block), tokens: thought }]
    case 'tool_use':
    case 'server_tool_use': {
      const empty = Object.keys(Object(block['input'])).length === 0
      const written = empty ? '' : JSON.stringify(block['input'])
      return [startOf(index, { ...block, input: {} }), ...jsonDeltas(index, written)]
    }
    default:
      return [startOf(index, block)]
  }
}

/** The first piece is empty; a call without arguments has no other. */
function jsonDeltas(index: number, written: string): Piece[] {
  const pieces = ['', ...tokenize(written)]
  return pieces.map((partial_json) => deltaOf(index, { type: 'input_json_delta', partial_json }, 1))
}

function startOf(index: number, block: WireBlock): Piece {
  return free(encodeFrame({ type: 'content_block_start', index, content_block: block }))
}

function deltaOf(index: number, delta: object, tokens: number): Piece {
  return { raw: encodeFrame({ type: 'content_block_delta', index, delta }), tokens }
}

function stopOf(index: number): Piece {
  return free(encodeFrame({ type: 'content_block_stop', index }))
}
