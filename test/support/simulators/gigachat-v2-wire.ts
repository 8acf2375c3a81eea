import { randomUUID } from 'node:crypto'
import type { GigachatAnswer } from './gigachat-answer.ts'
import { type GigachatWire, phrases } from './gigachat-wire.ts'
import type { InvoiceEntry, Piece, Voice, VoiceCall } from './provider.ts'
import { tokenize } from './tokens.ts'

/** API v2: messages of parts, named events, and no `[DONE]`. */
export const gigachatV2Wire: GigachatWire = {
  terminator: '',
  encodeFrame: (frame) =>
    namedFrame(
      'finish_reason' in frame ? 'response.message.done' : 'response.message.delta',
      frame,
    ),
  answerBody,
  answerPieces,
  answerVoice,
}

/** What a search of the simulated service finds. */
export const foundSource = { url: 'https://example.com/found', title: 'What was found' }

function namedFrame(event: string, frame: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(frame)}\n\n`
}

function answerBody(answer: GigachatAnswer): object {
  const said = [
    ...fileParts(answer),
    ...(answer.text === '' ? [] : [textPart(answer, answer.text)]),
    ...callParts(answer),
  ]
  return {
    ...head(answer),
    messages: [
      ...thoughts(answer),
      { role: 'assistant', ...stateMember(answer), content: withSources(answer, said) },
    ],
    finish_reason: finishOf(answer),
    usage: usageBody(answer),
  }
}

/** Deltas of whole phrases; a call comes with the end, as does the state of a tool. */
function answerPieces(answer: GigachatAnswer): Piece[] {
  const pieces: Piece[] = toolFrames(answer)
  for (const message of thoughts(answer)) {
    pieces.push(delta(answer, message, tokenize(answer.reasoning).length))
  }
  const files = fileParts(answer)
  if (files.length > 0) pieces.push(delta(answer, { role: 'assistant', content: files }, 0))
  const said = phrases(answer.text)
  for (const [index, phrase] of said.entries()) {
    const part = [textPart(answer, phrase)]
    const content = index === said.length - 1 ? withSources(answer, part) : part
    pieces.push(delta(answer, { role: 'assistant', content }, tokenize(phrase).length))
  }
  return [...pieces, done(answer)]
}

/** The same stream, spoken by a test. */
function answerVoice(answer: GigachatAnswer, entry: InvoiceEntry): Voice {
  answer.tokens.completion = 0
  answer.call = undefined
  answer.functionsStateId = undefined
  const speak = (part: object, tokens: number): Piece[] => {
    answer.tokens.completion += tokens
    return [delta(answer, { role: 'assistant', content: [part] }, tokens)]
  }
  return {
    entry,
    // The usage needs no asking: it stands beside the finish.
    wantsUsage: false,
    open: () => [],
    text: (text) => speak({ text }, tokenize(text).length),
    toolCall: ({ name, arguments: written, id }: VoiceCall) => {
      const call = { ...(id !== undefined && { id }), name, arguments: JSON.parse(written) }
      return speak({ function_call: call }, tokenize(written).length)
    },
    finish: (reason) => [done({ ...answer, finish: reason })],
    usage: () => [],
  }
}

function delta(answer: GigachatAnswer, message: object, tokens: number): Piece {
  const frame = { ...head(answer), messages: [message] }
  return { raw: namedFrame('response.message.delta', frame), tokens }
}

function done(answer: GigachatAnswer): Piece {
  const content = callParts(answer)
  const message = {
    role: 'assistant',
    ...stateMember(answer),
    ...(content.length > 0 && { content }),
  }
  const frame = {
    ...head(answer),
    ...(answer.functionsStateId !== undefined && { messages: [message] }),
    finish_reason: finishOf(answer),
    usage: usageBody(answer),
  }
  const tokens = answer.call ? answer.tokens.completion : 0
  return { raw: namedFrame('response.message.done', frame), tokens }
}

/** Until the tool has ended only its name is told. */
function toolFrames(answer: GigachatAnswer): Piece[] {
  const name = answer.ofV2?.used
  if (name === undefined) return []
  return [
    ['response.tool.in_progress', { name, seconds_left: 1 }] as const,
    ['response.tool.completed', { name, status: 'success' }] as const,
  ].map(([event, execution]) => {
    const messages = [{ role: 'assistant', content: [{ tool_execution: execution }] }]
    return { raw: namedFrame(event, { ...head(answer), messages }), tokens: 0 }
  })
}

function head({ model, created }: GigachatAnswer): object {
  return { model, created_at: created }
}

function thoughts({ reasoning }: GigachatAnswer): object[] {
  return reasoning === '' ? [] : [{ role: 'reasoning', content: [{ text: reasoning }] }]
}

function stateMember({ functionsStateId: id }: GigachatAnswer): object {
  return id === undefined ? {} : { tool_state_id: id }
}

function callParts({ call }: GigachatAnswer): object[] {
  return call ? [{ function_call: { id: randomUUID(), ...call } }] : []
}

function fileParts({ ofV2 }: GigachatAnswer): object[] {
  if (ofV2?.used !== 'image_generate') return []
  return [{ files: [{ id: randomUUID(), mime: 'image/jpeg', target: 'image' }] }]
}

function withSources({ ofV2 }: GigachatAnswer, parts: object[]): object[] {
  if (ofV2?.used !== 'web_search') return parts
  const data = { images: [], sources: { 1: foundSource } }
  return parts.map((part, index) =>
    index === parts.length - 1 ? { ...part, inline_data: data } : part,
  )
}

function textPart({ ofV2 }: GigachatAnswer, text: string): object {
  const count = ofV2?.topLogprobs
  if (count === undefined) return { text }
  const logprobs = tokenize(text).map((token) => ({
    chosen: { token, token_id: token.length, logprob: -0.1 },
    top: Array.from({ length: count }, (_, at) => ({
      token: at === 0 ? token : `${token}${at}`,
      token_id: at,
      logprob: -0.1 - at,
    })),
  }))
  return { text, logprobs }
}

/** The words for what went wrong are others than in v1. */
function finishOf({ finish }: GigachatAnswer): string {
  if (finish === 'error') return 'function_call_error'
  return finish === 'blacklist' ? 'request_blacklist' : finish
}

function usageBody({ tokens: { prompt, cached, completion } }: GigachatAnswer): object {
  return {
    input_tokens: prompt,
    input_tokens_details: { prompt_tokens: prompt, cached_tokens: cached },
    output_tokens: completion,
    total_tokens: prompt + completion,
  }
}
