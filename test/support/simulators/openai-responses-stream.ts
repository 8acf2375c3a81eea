import { alphanumeric, hexadecimal, padding } from './identifiers.ts'
import type { Completion } from './openai-answer.ts'
import {
  endOf,
  type OutputItem,
  outputItems,
  responseBody,
  responsesUsage,
} from './openai-responses-body.ts'
import type { ResponsesRequest } from './openai-responses-request.ts'
import type { InvoiceEntry, Piece, Voice, VoiceCall } from './provider.ts'
import { tokenize } from './tokens.ts'

type Members = Record<string, unknown>

/** A frame of the Responses API: named, and numbered from 0. */
function numbered(): (type: string, members: Members, tokens?: number) => Piece {
  let sequence = 0
  return (type, members, tokens = 0) => {
    const data = JSON.stringify({ type, ...members, sequence_number: sequence++ })
    return { raw: `event: ${type}\ndata: ${data}\n\n`, tokens }
  }
}

type Frame = ReturnType<typeof numbered>

/** The whole stream: openings, each item from its start to its end, the last snapshot. */
export function responsePieces(asked: ResponsesRequest, completion: Completion): Piece[] {
  const frame = numbered()
  const items = outputItems(asked, completion)
  const output = items.map(({ body }) => body)
  return [
    ...opening(frame, asked, completion),
    ...items.flatMap((item, index) => itemPieces(frame, item, index)),
    ending(frame, asked, { completion, output }),
  ]
}

function opening(frame: Frame, asked: ResponsesRequest, completion: Completion): Piece[] {
  const state = { status: 'in_progress', output: [], usage: null }
  const response = responseBody(asked, completion, state)
  return [
    frame('response.created', { response }),
    frame('response.in_progress', { response }),
    // Not in the reference, and sent all the same.
    frame('keepalive', {}),
  ]
}

function ending(
  frame: Frame,
  asked: ResponsesRequest,
  { completion, output }: { completion: Completion; output: unknown[] },
): Piece {
  const end = endOf(completion)
  const usage = responsesUsage(completion.tokens)
  const response = responseBody(asked, completion, { ...end, output, usage })
  return frame(`response.${end.status}`, { response })
}

function itemPieces(frame: Frame, item: OutputItem, output_index: number): Piece[] {
  const { body, pieces } = item
  const at = { item_id: body['id'], output_index }
  const done = (): Piece => frame('response.output_item.done', { item: body, output_index })
  const added = (members: Members): Piece =>
    frame('response.output_item.added', {
      item: { ...body, ...members, status: 'in_progress' },
      output_index,
    })
  const delta = (type: string, members: Members) => (piece: string) =>
    frame(type, { delta: piece, ...at, ...members, obfuscation: padding() }, 1)
  switch (body['type']) {
    case 'message':
      return [added({ content: [] }), ...contentPieces(frame, item, at), done()]
    case 'reasoning':
      return [added({ summary: [] }), ...summaryPieces(frame, item, at), done()]
    case 'function_call':
    case 'custom_tool_call': {
      const custom = body['type'] === 'custom_tool_call'
      const name = custom ? 'response.custom_tool_call_input' : 'response.function_call_arguments'
      const member = custom ? 'input' : 'arguments'
      return [
        { ...added({ [member]: '' }), tokens: 1 },
        ...pieces.map(delta(`${name}.delta`, {})),
        frame(`${name}.done`, { [member]: body[member], ...at }),
        done(),
      ]
    }
    default:
      return [
        added({ action: { type: 'search' } }),
        ...['in_progress', 'searching', 'completed'].map((state) =>
          frame(`response.web_search_call.${state}`, at),
        ),
        done(),
      ]
  }
}

function contentPieces(frame: Frame, { body, pieces, ...lists }: OutputItem, at: Members): Piece[] {
  const [part]: Members[] = Array.isArray(body['content']) ? body['content'] : []
  const refusal = part?.['type'] === 'refusal'
  const place = { ...at, content_index: 0 }
  const empty = refusal
    ? { type: 'refusal', refusal: '' }
    : { type: 'output_text', annotations: [], logprobs: [], text: '' }
  const name = refusal ? 'response.refusal' : 'response.output_text'
  const text = pieces.join('')
  return [
    frame('response.content_part.added', { ...place, part: empty }),
    ...pieces.map((delta, index) => {
      const logprobs = refusal ? {} : { logprobs: lists.logprobs.slice(index, index + 1) }
      return frame(`${name}.delta`, { ...place, delta, ...logprobs, obfuscation: padding() }, 1)
    }),
    ...lists.annotations.map((annotation, annotation_index) =>
      frame('response.output_text.annotation.added', { ...place, annotation, annotation_index }),
    ),
    frame(
      `${name}.done`,
      refusal ? { ...place, refusal: text } : { ...place, text, logprobs: lists.logprobs },
    ),
    frame('response.content_part.done', { ...place, part }),
  ]
}

/** Reasoning is billed by the effort and not by the words of its summary. */
function summaryPieces(frame: Frame, { pieces }: OutputItem, at: Members): Piece[] {
  if (pieces.length === 0) return []
  const place = { ...at, summary_index: 0 }
  const text = pieces.join('')
  return [
    frame('response.reasoning_summary_part.added', {
      ...place,
      part: { type: 'summary_text', text: '' },
    }),
    ...pieces.map((delta) => frame('response.reasoning_summary_text.delta', { ...place, delta })),
    frame('response.reasoning_summary_text.done', { ...place, text }),
    frame('response.reasoning_summary_part.done', {
      ...place,
      part: { type: 'summary_text', text },
    }),
  ]
}

/** The same stream, spoken by a test: one message, and calls after it. */
export function responseVoice(
  asked: ResponsesRequest,
  completion: Completion,
  entry: InvoiceEntry,
): Voice {
  const frame = numbered()
  const done: Members[] = []
  const id = `msg_${hexadecimal(50)}`
  const place = { item_id: id, output_index: 0, content_index: 0 }
  let text: string | undefined
  const { tokens } = completion
  const partOf = (written: string) => ({
    type: 'output_text',
    annotations: [],
    logprobs: [],
    text: written,
  })
  const item = (status: string, content: object[]) => ({
    id,
    type: 'message',
    status,
    content,
    role: 'assistant',
  })
  const closeText = (): Piece[] => {
    if (text === undefined || done.length > 0) return []
    const part = partOf(text)
    done.push(item('completed', [part]))
    return [
      frame('response.output_text.done', { ...place, text, logprobs: [] }),
      frame('response.content_part.done', { ...place, part }),
      frame('response.output_item.done', { output_index: 0, item: done[0] }),
    ]
  }
  return {
    entry,
    wantsUsage: false,
    open: () => opening(frame, asked, completion),
    text: (delta) => {
      const first = text === undefined
      text = (text ?? '') + delta
      const count = tokenize(delta).length
      tokens.visible += count
      return [
        ...(first
          ? [
              frame('response.output_item.added', {
                output_index: 0,
                item: item('in_progress', []),
              }),
              frame('response.content_part.added', { ...place, part: partOf('') }),
            ]
          : []),
        frame('response.output_text.delta', { ...place, delta, logprobs: [] }, count),
      ]
    },
    toolCall: (call) => {
      const closed = closeText()
      const spoken = voiceCall(call)
      tokens.visible += 1 + spoken.pieces.length
      const pieces = itemPieces(frame, spoken, done.length)
      done.push(spoken.body)
      return [...closed, ...pieces]
    },
    finish: (reason) => {
      const closed = closeText()
      for (const choice of completion.choices) choice.finish = reason
      return [...closed, ending(frame, asked, { completion, output: done })]
    },
    usage: () => [],
  }
}

function voiceCall(call: VoiceCall): OutputItem {
  const body = {
    id: `fc_${hexadecimal(50)}`,
    type: 'function_call',
    status: 'completed',
    arguments: call.arguments,
    call_id: call.id ?? `call_${alphanumeric(24)}`,
    name: call.name,
  }
  return { body, pieces: tokenize(call.arguments), logprobs: [], annotations: [] }
}
