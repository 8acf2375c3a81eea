import { describe, expect, test } from 'vitest'
import type { Message, ToolCall } from '../../src/protocol/request.ts'
import { hasBrokenArguments, toolFlaw } from '../../src/protocol/tool-flaw.ts'

const call = (id: string, written = '{}'): ToolCall => ({
  id,
  kind: 'function',
  name: 'f',
  arguments: written,
})
const user: Message = { role: 'user', parts: [{ type: 'text', text: 'hello' }] }
const calling = (...toolCalls: ToolCall[]): Message => ({ role: 'assistant', parts: [], toolCalls })
const result = (toolCallId: string): Message => ({ role: 'tool', parts: [], toolCallId })

describe('a conversation holds together', () => {
  test.each<[string, Message[]]>([
    ['without tools', [user]],
    ['with a result after its call', [user, calling(call('a')), result('a')]],
    ['with results in another order', [calling(call('a'), call('b')), result('b'), result('a')]],
    ['with something said in between', [calling(call('a')), user, result('a')]],
    ['with a call that nobody answers', [calling(call('a')), user]],
    ['with a result of the deprecated kind', [user, { role: 'tool', parts: [], name: 'f' }]],
  ])('%s', (_name, messages) => {
    expect(toolFlaw(messages)).toBeUndefined()
  })
})

describe('the first flaw is told', () => {
  test.each<[string, Message[], object]>([
    ['a result alone', [user, result('a')], { kind: 'result-without-call', message: 1 }],
    [
      'a result before its call',
      [result('a'), calling(call('a'))],
      { kind: 'result-without-call', message: 0 },
    ],
    [
      'a result of another call',
      [calling(call('a')), result('b')],
      { kind: 'result-without-call', message: 1 },
    ],
    [
      'broken arguments of the second call',
      [user, calling(call('a'), call('b', '{')), result('c')],
      { kind: 'broken-arguments', message: 1, call: 1 },
    ],
  ])('%s', (_name, messages, flaw) => {
    expect(toolFlaw(messages)).toEqual(flaw)
  })
})

test.each([
  ['{}', false],
  ['{"a": [1]}', false],
  ['', false],
  [' \n', false],
  ['{"a":', true],
  ['[1]', true],
  ['null', true],
  ['"text"', true],
  ['1', true],
])('the arguments %j are broken: %s', (written, broken) => {
  expect(hasBrokenArguments(call('a', written))).toBe(broken)
  expect(hasBrokenArguments({ ...call('a', written), kind: 'custom' })).toBe(false)
})
