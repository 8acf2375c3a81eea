import { type BadInput, large, pixel } from './fault.ts'

const asked = { role: 'USER', content: 'hello' }
const said = (...turns: unknown[]) => ({ messages: turns })
const image = (url: string) => said({ role: 'USER', parts: [{ image: { url } }] })
const calls = (written: unknown, id = 'call_1') => ({
  role: 'ASSISTANT',
  toolCalls: [{ id, name: 'f', arguments: written }],
})
const result = (id: string) => ({ role: 'TOOL', toolCallId: id, content: '1' })
const inUrl = 'input.messages[0].parts[0].image.url'
const inArguments = 'input.messages[1].toolCalls[0].arguments'

/** Bodies that the input of a completion in GraphQL refuses. */
export const graphqlFaults: readonly BadInput[] = [
  ['empty messages', said(), 'input.messages'],
  ['an empty model', { model: '' }, 'input.model'],
  ['a turn without content', said({ role: 'USER' }), 'input.messages[0].content'],
  ['calls of a user', said({ ...calls('{}'), role: 'USER' }), 'input.messages[0].toolCalls'],
  ['a result without any call', said(asked, result('call_1')), 'input.messages[1].toolCallId'],
  [
    'a result of another call',
    said(asked, calls('{}'), result('call_2')),
    'input.messages[2].toolCallId',
  ],
  [
    'a result that names no call',
    said(asked, { role: 'TOOL', content: '1' }),
    'input.messages[1].toolCallId',
  ],
  ['broken arguments', said(asked, calls('{"a":'), result('call_1')), inArguments],
  ['arguments that are a list', said(asked, calls('[1]'), result('call_1')), inArguments],
  ['arguments that are a number', said(asked, calls(1), result('call_1')), inArguments],
  ['an image of 30 MB', image(`data:image/png;base64,${large}`), inUrl],
  ['an image of an unknown media type', image(`data:image/x-unheard-of;base64,${pixel}`), inUrl],
  ['an image by a path', image('/tmp/a.png'), inUrl],
  ['a temperature too high', { temperature: 3 }, 'input.temperature'],
  ['no tokens at all', { maxTokens: 0 }, 'input.maxTokens'],
  [
    'a schema of arguments that is a string',
    { tools: [{ name: 'f', parameters: 'x' }] },
    'input.tools[0].parameters',
  ],
  ['an unknown choice of tools', { toolChoice: 'perhaps' }, 'input.toolChoice'],
  [
    'a schema that is a string',
    { responseFormat: { type: 'json_schema', json_schema: { name: 'a', schema: 'x' } } },
    'input.responseFormat.json_schema.schema',
  ],
  [
    'a member that has a field of its own',
    { passthrough: { temperature: 1 } },
    'input.passthrough.temperature',
  ],
]
