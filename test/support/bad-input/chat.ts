import { type BadInput, large, pixel, user } from './fault.ts'

const said = (...messages: unknown[]) => ({ messages })
const part = (value: object) => said({ role: 'user', content: [value] })
const image = (url: unknown) => part({ type: 'image_url', image_url: { url } })
const calls = (written: unknown, id = 'call_1') => ({
  role: 'assistant',
  content: null,
  tool_calls: [{ id, type: 'function', function: { name: 'f', arguments: written } }],
})
const result = (id: string) => ({ role: 'tool', tool_call_id: id, content: '1' })
const inUrl = 'messages[0].content[0].image_url.url'
const inArguments = 'messages[1].tool_calls[0].function.arguments'

/** Bodies that `POST /v1/chat/completions` refuses. */
export const chatFaults: readonly BadInput[] = [
  ['no messages', { messages: undefined }, 'messages'],
  ['empty messages', said(), 'messages'],
  ['messages that are a string', { messages: 'hello' }, 'messages'],
  ['a message that is null', said(null), 'messages[0]'],
  ['no model', { model: undefined }, 'model'],
  ['a model that is a number', { model: 4 }, 'model'],
  ['an unknown role', said({ role: 'wizard', content: 'x' }), 'messages[0].role'],
  ['no role', said({ content: 'x' }), 'messages[0].role'],
  ['a content that is a number', said({ role: 'user', content: 1 }), 'messages[0].content'],
  [
    'an unknown kind of content',
    part({ type: 'smell', smell: 'x' }),
    'messages[0].content[0].type',
  ],
  ['a text part without text', part({ type: 'text' }), 'messages[0].content[0].text'],
  ['a result without any call', said(user, result('call_1')), 'messages[1].tool_call_id'],
  [
    'a result of another call',
    said(user, calls('{}'), result('call_2')),
    'messages[2].tool_call_id',
  ],
  [
    'a result before its call',
    said(user, result('call_1'), calls('{}')),
    'messages[1].tool_call_id',
  ],
  [
    'a result that names no call',
    said(user, calls('{}'), { role: 'tool', content: '1' }),
    'messages[2].tool_call_id',
  ],
  ['broken arguments', said(user, calls('{"a":'), result('call_1')), inArguments],
  ['arguments that are a list', said(user, calls('[1]'), result('call_1')), inArguments],
  ['arguments that are an object already', said(user, calls({}), result('call_1')), inArguments],
  [
    'a call without a name',
    said(user, {
      role: 'assistant',
      tool_calls: [{ id: 'a', type: 'function', function: { arguments: '{}' } }],
    }),
    'messages[1].tool_calls[0].function.name',
  ],
  ['an image of 30 MB', image(`data:image/png;base64,${large}`), inUrl],
  ['an image of an unknown media type', image(`data:image/x-unheard-of;base64,${pixel}`), inUrl],
  ['an image that is no image', image(`data:text/plain;base64,${pixel}`), inUrl],
  ['an image without bytes', image('data:image/png;base64,'), inUrl],
  ['an image by a path', image('/tmp/a.png'), inUrl],
  ['an image without an address', image(undefined), inUrl],
  ['a temperature in words', { temperature: 'hot' }, 'temperature'],
  ['a temperature too high', { temperature: 3 }, 'temperature'],
  ['no tokens at all', { max_tokens: 0 }, 'max_tokens'],
  ['half a choice', { n: 1.5 }, 'n'],
  ['stop sequences that are numbers', { stop: [1] }, 'stop'],
  ['a stream in words', { stream: 'yes' }, 'stream'],
  ['tools that are an object', { tools: {} }, 'tools'],
  [
    'a tool without a name',
    { tools: [{ type: 'function', function: {} }] },
    'tools[0].function.name',
  ],
  [
    'a schema of arguments that is a string',
    { tools: [{ type: 'function', function: { name: 'f', parameters: 'x' } }] },
    'tools[0].function.parameters',
  ],
  ['an unknown choice of tools', { tool_choice: 'perhaps' }, 'tool_choice'],
  [
    'a schema that is a string',
    { response_format: { type: 'json_schema', json_schema: { name: 'a', schema: 'x' } } },
    'response_format.json_schema.schema',
  ],
  [
    'a schema without a name',
    { response_format: { type: 'json_schema', json_schema: { schema: {} } } },
    'response_format.json_schema.name',
  ],
  ['an unknown member of our own', { xrouter: { fallback: ['demo/echo'] } }, 'xrouter.fallback'],
  ['tags that are lists', { xrouter: { tags: { a: [] } } }, 'xrouter.tags.a'],
]
