import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeYandexRequest } from '../../../src/dialects/yandex/encode-request.ts'
import type { ChatRequest, Message, ToolCall } from '../../../src/protocol/request.ts'

const plain: ChatRequest = {
  model: 'yandex/yandexgpt',
  messages: [{ role: 'user', parts: [{ type: 'text', text: 'Hello' }] }],
  stream: false,
}

function encode(members: Partial<ChatRequest>): Record<string, unknown> {
  return encodeYandexRequest({ ...plain, ...members }, 'gpt://f/yandexgpt/latest')
}

const messages = (...list: Message[]): unknown => encode({ messages: list })['messages']
const says = (role: Message['role'], ...texts: string[]): Message => ({
  role,
  parts: texts.map((text) => ({ type: 'text', text })),
})
const call = (id: string, name: string, given = '{}'): ToolCall => ({
  id,
  kind: 'function',
  name,
  arguments: given,
})
const makes = (...toolCalls: ToolCall[]): Message => ({ role: 'assistant', parts: [], toolCalls })
const result = (toolCallId: string, text: string): Message => ({
  ...says('tool', text),
  toolCallId,
})
const wireCalls = (...list: [string, object][]) => ({
  role: 'assistant',
  toolCallList: {
    toolCalls: list.map(([name, given]) => ({ functionCall: { name, arguments: given } })),
  },
})
const wireResults = (...list: [string, string][]) => ({
  role: 'user',
  toolResultList: {
    toolResults: list.map(([name, content]) => ({ functionResult: { name, content } })),
  },
})

describe('a request to the native API', () => {
  test('says no more than was asked', () => {
    expect(encode({})).toEqual({
      modelUri: 'gpt://f/yandexgpt/latest',
      completionOptions: { stream: false },
      messages: [{ role: 'user', text: 'Hello' }],
    })
  })

  test.each<[Partial<ChatRequest>, object]>([
    [{ stream: true }, { stream: true }],
    [{ temperature: 0 }, { temperature: 0 }],
    [{ temperature: 1.7 }, { temperature: 1 }],
    [{ maxTokens: 2000 }, { maxTokens: '2000' }],
    [{ reasoningEffort: 'none' }, { reasoningOptions: { mode: 'DISABLED' } }],
    [{ reasoningEffort: 'high' }, { reasoningOptions: { mode: 'ENABLED_HIDDEN' } }],
  ])('options: %j is %j', (members, options) => {
    expect(encode(members)['completionOptions']).toEqual({ stream: false, ...options })
  })

  test.each<[Partial<ChatRequest>, object]>([
    [{ toolChoice: { mode: 'none' } }, { toolChoice: { mode: 'NONE' } }],
    [{ toolChoice: { mode: 'auto' } }, { toolChoice: { mode: 'AUTO' } }],
    [{ toolChoice: { mode: 'required' } }, { toolChoice: { mode: 'REQUIRED' } }],
    [
      { toolChoice: { mode: 'tool', kind: 'function', name: 'f' } },
      { toolChoice: { functionName: 'f' } },
    ],
    [{ parallelToolCalls: false }, { parallelToolCalls: false }],
    [{ responseFormat: { type: 'text' } }, {}],
    [{ responseFormat: { type: 'json_object' } }, { jsonObject: true }],
    [
      { responseFormat: { type: 'json_schema', name: 's', schema: { type: 'object' } } },
      { jsonSchema: { schema: { type: 'object' } } },
    ],
    [
      {
        tools: [
          { kind: 'function', name: 'f', description: 'd', parameters: { a: 1 }, strict: true },
          { kind: 'function', name: 'g' },
        ],
      },
      {
        tools: [
          { function: { name: 'f', description: 'd', parameters: { a: 1 }, strict: true } },
          { function: { name: 'g', parameters: { type: 'object', properties: {} } } },
        ],
      },
    ],
  ])('members: %j is %j', (members, expected) => {
    expect(encode(members)).toEqual({ ...encode({}), ...expected })
  })
})

describe('a conversation', () => {
  test('is of texts, with the system’s where they stand', () => {
    expect(
      messages(
        says('system', 'a'),
        says('user', 'b', 'c'),
        { role: 'assistant', parts: [{ type: 'refusal', text: 'no' }] },
        says('developer', 'd'),
      ),
    ).toEqual([
      { role: 'system', text: 'a' },
      { role: 'user', text: 'bc' },
      { role: 'assistant', text: 'no' },
      { role: 'system', text: 'd' },
    ])
  })

  test('with tools has results by name, in one turn of the user', () => {
    expect(
      messages(
        makes(call('1', 'weather', '{"city":"Омск"}'), call('2', 'clock', '')),
        result('1', 'cold'),
        result('2', 'noon'),
        says('user', 'thanks'),
      ),
    ).toEqual([
      wireCalls(['weather', { city: 'Омск' }], ['clock', {}]),
      wireResults(['weather', 'cold'], ['clock', 'noon']),
      { role: 'user', text: 'thanks' },
    ])
  })

  test('whose results come in another order has them in the order of the calls', () => {
    expect(
      messages(makes(call('1', 'f'), call('2', 'f')), result('2', 'second'), result('1', 'first')),
    ).toEqual([wireCalls(['f', {}], ['f', {}]), wireResults(['f', 'first'], ['f', 'second'])])
  })

  test('whose ids repeat, in a turn and over turns, has each result with its call', () => {
    expect(
      messages(
        makes(call('f', 'f'), call('f', 'f')),
        result('f', 'a'),
        result('f', 'b'),
        makes(call('f', 'g')),
        result('f', 'c'),
      ),
    ).toEqual([
      wireCalls(['f', {}], ['f', {}]),
      wireResults(['f', 'a'], ['f', 'b']),
      wireCalls(['g', {}]),
      wireResults(['g', 'c']),
    ])
  })

  test('of OpenAI’s deprecated functions has them by their names', () => {
    expect(
      messages(makes({ ...call('', 'f'), kind: 'function_call' }), {
        ...says('tool', '1'),
        name: 'f',
      }),
    ).toEqual([wireCalls(['f', {}]), wireResults(['f', '1'])])
  })

  test('whose assistant speaks and calls at once has both, one after the other', () => {
    expect(messages({ ...says('assistant', 'Wait.'), toolCalls: [call('1', 'f')] })).toEqual([
      { role: 'assistant', text: 'Wait.' },
      wireCalls(['f', {}]),
    ])
  })

  test.each<[string, Message[], string, string]>([
    ['a result without a call', [result('x', '1')], 'INVALID_REQUEST', 'messages[0].tool_call_id'],
    [
      'arguments that are no JSON',
      [makes(call('1', 'f', '{"a":'))],
      'UNSUPPORTED_FEATURE',
      'messages[0].tool_calls[0].function.arguments',
    ],
    [
      'arguments that are no object',
      [makes(call('1', 'f', '[1]'))],
      'UNSUPPORTED_FEATURE',
      'messages[0].tool_calls[0].function.arguments',
    ],
    [
      'a call of a custom tool',
      [makes({ ...call('1', 'f'), kind: 'custom' })],
      'UNSUPPORTED_FEATURE',
      'messages[0].tool_calls[0]',
    ],
    [
      'an image',
      [{ role: 'user', parts: [{ type: 'image', url: 'https://example.com/a.png' }] }],
      'UNSUPPORTED_FEATURE',
      'messages[0].content[0]',
    ],
  ])('%s is refused by name', (_what, list, code, path) => {
    expect(() => messages(...list)).toThrow(expect.objectContaining({ code, path }))
  })
})

/** Turns of calls, and the order in which the client sends their results. */
const turns = fc.array(
  fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 4 }).chain((ids) =>
    fc.record({
      calls: fc.tuple(...ids.map((id) => fc.constantFrom('f', 'g').map((name) => call(id, name)))),
      order: fc.shuffledSubarray(ids, { minLength: ids.length }),
    }),
  ),
  { minLength: 1, maxLength: 4 },
)

test('for every tool conversation the results stand in the order of their calls, under their names', () => {
  fc.assert(
    fc.property(turns, (list) => {
      const conversation = list.flatMap(({ calls, order }, turn) => [
        makes(...calls),
        ...order.map((id) => result(id, `${turn}:${id}`)),
      ])
      const expected = list.flatMap(({ calls }, turn) => [
        wireCalls(...calls.map(({ name }): [string, object] => [name, {}])),
        wireResults(...calls.map(({ id, name }): [string, string] => [name, `${turn}:${id}`])),
      ])
      expect(messages(...conversation)).toEqual(expected)
    }),
  )
})
