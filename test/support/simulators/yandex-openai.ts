import { randomUUID } from 'node:crypto'
import { hexadecimal } from './identifiers.ts'
import type { AnsweredChoice, Completion } from './openai-answer.ts'
import { encodeFrame, terminator } from './openai-stream.ts'
import type { AnsweredCall } from './openai-tools.ts'
import type { InvoiceEntry, Piece, Voice } from './provider.ts'
import { tokenize } from './tokens.ts'

export interface CompatibleAnswer {
  completion: Completion
  /** Whether another vendor's weights answer: their server has ids, frames and usage of its own. */
  open: boolean
  /** The model as the request named it. */
  uri: string
}

/** The whole JSON answer; its last byte is an end of line. */
export function compatibleBody(answer: CompatibleAnswer): string {
  const { completion, open } = answer
  const choices = completion.choices.map((choice) => {
    const calls = choice.calls.map((call, index) => wireCall(call, { index, open }))
    const content = choice.tokens.join('')
    const message = { role: 'assistant', content, ...(calls.length > 0 && { tool_calls: calls }) }
    return { index: choice.index, message, finish_reason: choice.finish }
  })
  const body = { ...headOf(answer, 'chat.completion'), choices, usage: usageOf(completion) }
  return `${JSON.stringify(body)}\n`
}

export function compatiblePieces(answer: CompatibleAnswer): Piece[] {
  const [choice] = answer.completion.choices
  const pieces = choice ? (answer.open ? openPieces : ownPieces)(answer, choice) : []
  return [...pieces, { raw: terminator, tokens: 0 }]
}

/** The same stream, spoken by a test, in the frames of the open models. */
export function compatibleVoice(answer: CompatibleAnswer, entry: InvoiceEntry): Voice {
  const chunk = chunks(answer)
  const say = (delta: object, tokens: number, finish?: string) => [chunk(delta, tokens, finish)]
  return {
    entry,
    wantsUsage: false,
    open: () => say({ role: 'assistant' }, 0),
    text: (content) => say({ content }, tokenize(content).length),
    toolCall: ({ name, arguments: written, index = 0 }) => {
      const call: AnsweredCall = { id: '', kind: 'function', name, fragments: [written] }
      return say({ tool_calls: [wireCall(call, { index, open: answer.open })] }, 1)
    },
    finish: (reason) => say({}, 0, reason),
    usage: () => [],
  }
}

/** Few and large pieces; role and finish stand beside text, a call is whole, and no usage comes. */
function ownPieces(answer: CompatibleAnswer, choice: AnsweredChoice): Piece[] {
  const chunk = chunks(answer)
  const role = { role: 'assistant' }
  if (choice.kind === 'calls') {
    const calls = choice.calls.map((call, index) => wireCall(call, { index, open: false }))
    const { visible } = answer.completion.tokens
    return [chunk({ ...role, tool_calls: calls }, visible, choice.finish)]
  }
  const [first = '', ...rest] = choice.tokens
  return [
    chunk({ ...role, content: first }, 1),
    chunk({ content: rest.join('') }, rest.length, choice.finish),
  ]
}

/** Token by token; later pieces of a call have empty strings where its id and name were. */
function openPieces(answer: CompatibleAnswer, choice: AnsweredChoice): Piece[] {
  const chunk = chunks(answer)
  const called = choice.calls.flatMap((call, index) => {
    const opening = wireCall({ ...call, fragments: [] }, { index, open: true })
    const more = call.fragments.map((fragment) => {
      const part = { name: '', arguments: fragment }
      return chunk({ tool_calls: [{ index, id: '', type: '', function: part }] }, 1)
    })
    return [chunk({ tool_calls: [opening] }, 1), ...more]
  })
  const usage = { ...headOf(answer, chunkObject), choices: [], usage: usageOf(answer.completion) }
  return [
    chunk({ role: 'assistant' }, 0),
    ...choice.tokens.map((content) => chunk({ content }, 1)),
    ...called,
    chunk({}, 0, choice.finish),
    { raw: encodeFrame(usage), tokens: 0 },
  ]
}

const chunkObject = 'chat.completion.chunk'

/** A finish reason is absent, not null, before the last chunk. */
function chunks(answer: CompatibleAnswer) {
  const head = headOf(answer, chunkObject)
  return (delta: object, tokens: number, finish?: string): Piece => {
    const choice = { index: 0, delta, ...(finish !== undefined && { finish_reason: finish }) }
    return { raw: encodeFrame({ ...head, choices: [choice] }), tokens }
  }
}

function headOf({ open, uri, completion }: CompatibleAnswer, object: string): object {
  const id = open ? `chatcmpl-${randomUUID()}` : randomUUID()
  const model = open ? `gpt://${completion.model.id}` : uri
  return { id, object, created: completion.created, model }
}

function wireCall(call: AnsweredCall, { index, open }: { index: number; open: boolean }): object {
  const id = open ? `chatcmpl-tool-${hexadecimal(32)}` : call.name
  const called = { name: call.name, arguments: call.fragments.join('') }
  return { index, id, type: 'function', function: called }
}

function usageOf({ tokens }: Completion): object {
  const completion = tokens.reasoning + tokens.visible
  return {
    prompt_tokens: tokens.prompt,
    total_tokens: tokens.prompt + completion,
    completion_tokens: completion,
  }
}
