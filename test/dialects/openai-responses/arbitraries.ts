import * as fc from 'fast-check'
import type { ChatEvent } from '../../../src/protocol/event.ts'
import type { Extra } from '../../../src/protocol/request.ts'

const words = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
const id = fc.stringMatching(/^[a-z]{3}_[a-z0-9]{4,8}$/)

const text = words.map((each) => ({ type: 'input_text', text: each }))
const image = fc.record({
  type: fc.constant('input_image'),
  image_url: fc.constantFrom('https://example.com/a.png', 'data:image/png;base64,AAAA'),
  detail: fc.constantFrom('auto', 'low'),
})
const file = fc.constantFrom<Extra>(
  { type: 'input_file', file_id: 'file-1' },
  { type: 'input_file', file_url: 'https://example.com/a.pdf' },
  { type: 'input_file', file_data: 'data:application/pdf;base64,AAAA', filename: 'a.pdf' },
)

const said = fc.record({
  role: fc.constantFrom('user', 'system', 'developer'),
  content: fc.oneof(words, fc.array(fc.oneof(text, image, file), { minLength: 2, maxLength: 3 })),
})

const message = fc.record({
  id,
  type: fc.constant('message'),
  role: fc.constant('assistant'),
  status: fc.constant('completed'),
  phase: fc.constantFrom('commentary', 'final_answer'),
  content: fc.array(
    fc.oneof(
      words.map((each) => ({ type: 'output_text', text: each, annotations: [], logprobs: [] })),
      words.map((each) => ({ type: 'refusal', refusal: each })),
    ),
    { minLength: 1, maxLength: 3 },
  ),
})

const thought = fc.record({
  id,
  type: fc.constant('reasoning'),
  summary: fc.array(
    words.map((each) => ({ type: 'summary_text', text: each })),
    { maxLength: 3 },
  ),
  encrypted_content: fc.stringMatching(/^gAAAA[a-z]{4,10}$/),
})

const call = fc.record({
  id,
  type: fc.constant('function_call'),
  call_id: id,
  name: fc.constantFrom('f', 'g'),
  arguments: fc.constantFrom('{}', '{"a":1}', ''),
  status: fc.constant('completed'),
})

const custom = fc.record({
  id,
  type: fc.constant('custom_tool_call'),
  call_id: id,
  name: fc.constant('c'),
  input: words,
})

const search = fc.record({
  id,
  type: fc.constant('web_search_call'),
  status: fc.constant('completed'),
  action: fc.constant({ type: 'search', query: 'x' }),
})

/** Items as a client of this dialect may send them; each result answers a call before it. */
export const items = fc
  .array(fc.oneof(said, message, thought, call, custom, search), { minLength: 1, maxLength: 8 })
  .map((list) =>
    list.flatMap((item): Extra[] => {
      if (!('call_id' in item)) return [item]
      const output = 'input' in item ? 'custom_tool_call_output' : 'function_call_output'
      return [item, { type: output, call_id: item.call_id, output: 'done' }]
    }),
  )
  .filter((list) => new Set(list.map((item) => item['id'] ?? item)).size === list.length)

const delta = words.map((each): ChatEvent => ({ type: 'text-delta', choice: 0, text: each }))
const thinking = words.map((each): ChatEvent => ({
  type: 'reasoning-delta',
  choice: 0,
  text: each,
}))
const sealed = words.map((value): ChatEvent => ({
  type: 'reasoning-delta',
  choice: 0,
  text: '',
  sealed: { dialect: 'another', value },
}))
const signed = words.map((value): ChatEvent => ({
  type: 'text-delta',
  choice: 0,
  text: 'signed',
  signature: { dialect: 'another', value },
}))
const signedNothing = words.map((value): ChatEvent[] => [
  { type: 'part-start', choice: 0, kind: 'text' },
  { type: 'text-delta', choice: 0, text: '', signature: { dialect: 'another', value } },
  // A signature ends its part.
  { type: 'part-start', choice: 0, kind: 'text' },
])
const refusal = words.map((each): ChatEvent => ({ type: 'refusal-delta', choice: 0, text: each }))
const opening = fc.constantFrom<ChatEvent>(
  { type: 'part-start', choice: 0, kind: 'text' },
  { type: 'part-start', choice: 0, kind: 'reasoning' },
)
/** A citation comes with its text. */
const cited = words.map((each): ChatEvent[] => [
  { type: 'text-delta', choice: 0, text: each },
  {
    type: 'annotations',
    choice: 0,
    annotations: [{ dialect: 'another', raw: {}, url: 'https://example.com', title: each }],
  },
])
const called = fc.constant('call')

/** The events of an answer of any provider: texts, thoughts, calls, in any order. */
export const answer = fc
  .tuple(
    fc.array(
      fc.oneof(delta, thinking, sealed, signed, signedNothing, refusal, opening, cited, called),
      {
        maxLength: 12,
      },
    ),
    fc.constantFrom('stop', 'length', 'content_filter'),
  )
  .map(([steps, unified]): ChatEvent[] => {
    let index = 0
    const events = steps.flatMap((step): ChatEvent[] => {
      if (typeof step !== 'string') return [step].flat()
      const at = { choice: 0, index: index++ }
      return [
        {
          type: 'tool-call-start',
          ...at,
          id: `call_${at.index}`,
          kind: at.index % 2 === 0 ? 'function' : 'custom',
          name: 'f',
          ...(at.index % 3 === 0 && { signature: { dialect: 'another', value: 's' } }),
        },
        { type: 'tool-call-delta', ...at, argumentsDelta: '{"a":' },
        { type: 'tool-call-delta', ...at, argumentsDelta: '1}' },
        { type: 'tool-call-end', ...at },
      ]
    })
    return [...events, { type: 'finish', choice: 0, reason: { unified, raw: unified } }]
  })
