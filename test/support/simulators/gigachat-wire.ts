import type { GigachatAnswer } from './gigachat-answer.ts'
import type { InvoiceEntry, Piece, Voice, VoiceCall } from './provider.ts'
import { tokenize } from './tokens.ts'

/** How one of the APIs puts an answer on the wire. */
export interface GigachatWire {
  terminator: string
  encodeFrame(frame: object): string
  answerBody(answer: GigachatAnswer): object
  answerPieces(answer: GigachatAnswer): Piece[]
  answerVoice(answer: GigachatAnswer, entry: InvoiceEntry): Voice
}

const terminator = 'data: [DONE]\n\n'

export const gigachatV1Wire: GigachatWire = {
  terminator,
  encodeFrame,
  answerBody,
  answerPieces,
  answerVoice,
}

function encodeFrame(frame: object): string {
  return `data: ${JSON.stringify(frame)}\n\n`
}

/** The JSON answer, members in the recorded order; there is no id. */
function answerBody(answer: GigachatAnswer): object {
  const { created, model, text, finish, tokens } = answer
  const message = {
    content: text,
    role: 'assistant',
    ...(answer.reasoning !== '' && { reasoning_content: answer.reasoning }),
    ...callMembers(answer),
  }
  return {
    choices: [{ message, index: 0, finish_reason: finish }],
    created,
    model,
    object: 'chat.completion',
    usage: usageBody(tokens),
  }
}

/** Deltas of whole phrases; the last frame has the finish and the usage, and a call is one frame. */
function answerPieces(answer: GigachatAnswer): Piece[] {
  const speaker = speakerOf(answer)
  const pieces: Piece[] = []
  if (answer.reasoning !== '') {
    const { length } = tokenize(answer.reasoning)
    pieces.push(speaker.delta({ content: '', reasoning_content: answer.reasoning }, length))
  }
  for (const phrase of phrases(answer.text)) {
    pieces.push(speaker.delta({ content: phrase }, tokenize(phrase).length))
  }
  const last = { content: '', ...callMembers(answer) }
  pieces.push(speaker.last(last, answer.finish))
  return [...pieces, { raw: terminator, tokens: 0 }]
}

/** The same stream, spoken by a test. */
function answerVoice(answer: GigachatAnswer, entry: InvoiceEntry): Voice {
  answer.tokens.completion = 0
  const speaker = speakerOf(answer)
  const speak = (members: object, tokens: number): Piece[] => {
    answer.tokens.completion += tokens
    return [speaker.delta(members, tokens)]
  }
  return {
    entry,
    // The usage needs no asking: it stands beside the finish.
    wantsUsage: false,
    open: () => [],
    text: (text) => speak({ content: text }, tokenize(text).length),
    toolCall: ({ name, arguments: written, id }: VoiceCall) => {
      const call = { name, arguments: JSON.parse(written) }
      const state = id === undefined ? {} : { functions_state_id: id }
      return speak({ content: '', function_call: call, ...state }, tokenize(written).length)
    },
    finish: (reason) => [speaker.last({ content: '' }, reason)],
    usage: () => [],
  }
}

function speakerOf({ created, model, tokens }: GigachatAnswer) {
  let silent = true
  const frame = (members: object, beside: object, after: object): string => {
    const role = silent && { role: 'assistant' }
    silent = false
    const choices = [{ delta: { ...members, ...role }, index: 0, ...beside }]
    return encodeFrame({ choices, created, model, object: 'chat.completion', ...after })
  }
  return {
    delta: (members: object, count: number): Piece => ({
      raw: frame(members, {}, {}),
      tokens: count,
    }),
    last: (members: object, finish: string): Piece => ({
      raw: frame(members, { finish_reason: finish }, { usage: usageBody(tokens) }),
      tokens: 'function_call' in members ? tokens.completion : 0,
    }),
  }
}

function usageBody({ prompt, cached, completion }: GigachatAnswer['tokens']): object {
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    precached_prompt_tokens: cached,
  }
}

function callMembers({ call, functionsStateId }: GigachatAnswer): object {
  return call ? { function_call: call, functions_state_id: functionsStateId } : {}
}

/** Three tokens at a time, as the service sends whole phrases. */
export function phrases(text: string): string[] {
  const tokens = tokenize(text)
  const count = Math.ceil(tokens.length / 3)
  return Array.from({ length: count }, (_, at) => tokens.slice(at * 3, at * 3 + 3).join(''))
}
