import { type BadInput, large, pixel, user } from './fault.ts'

const said = (...input: unknown[]) => ({ input })
const part = (value: object) => said({ role: 'user', content: [value] })
const image = (url: unknown) => part({ type: 'input_image', image_url: url })
const calls = (written: unknown, id = 'call_1') => ({
  type: 'function_call',
  call_id: id,
  name: 'f',
  arguments: written,
})
const result = (id: string) => ({ type: 'function_call_output', call_id: id, output: '1' })
const inUrl = 'input[0].content[0].image_url'

/** Bodies that `POST /v1/responses` refuses. */
export const responsesFaults: readonly BadInput[] = [
  ['no input', { input: undefined }, 'input'],
  ['empty input', said(), 'input'],
  ['an input that is a number', { input: 1 }, 'input'],
  ['an item that is null', said(null), 'input[0]'],
  ['no model', { model: undefined }, 'model'],
  ['an unknown role', said({ role: 'wizard', content: 'x' }), 'input[0].role'],
  ['a content that is a number', said({ role: 'user', content: 1 }), 'input[0].content'],
  ['an unknown kind of item', said(user, { type: 'smell', smell: 'x' }), 'input[1].type'],
  ['an unknown kind of content', part({ type: 'smell' }), 'input[0].content[0].type'],
  ['a text part without text', part({ type: 'input_text' }), 'input[0].content[0].text'],
  ['a result without any call', said(user, result('call_1')), 'input[1].call_id'],
  ['a result of another call', said(user, calls('{}'), result('call_2')), 'input[2].call_id'],
  ['a result before its call', said(user, result('call_1'), calls('{}')), 'input[1].call_id'],
  ['broken arguments', said(user, calls('{"a":'), result('call_1')), 'input[1].arguments'],
  ['arguments that are a list', said(user, calls('[1]'), result('call_1')), 'input[1].arguments'],
  ['arguments that are an object', said(user, calls({}), result('call_1')), 'input[1].arguments'],
  ['an image of 30 MB', image(`data:image/png;base64,${large}`), inUrl],
  ['an image of an unknown media type', image(`data:image/x-unheard-of;base64,${pixel}`), inUrl],
  ['an image by a path', image('/tmp/a.png'), inUrl],
  ['an image without an address', image(undefined), 'input[0].content[0]'],
  ['a temperature in words', { temperature: 'hot' }, 'temperature'],
  ['no tokens at all', { max_output_tokens: 0 }, 'max_output_tokens'],
  ['tools that are an object', { tools: {} }, 'tools'],
  ['a tool without a name', { tools: [{ type: 'function' }] }, 'tools[0].name'],
  [
    'a schema of arguments that is a string',
    { tools: [{ type: 'function', name: 'f', parameters: 'x' }] },
    'tools[0].parameters',
  ],
  ['an unknown choice of tools', { tool_choice: 'perhaps' }, 'tool_choice'],
  [
    'a schema that is a string',
    { text: { format: { type: 'json_schema', name: 'a', schema: 'x' } } },
    'text.format.schema',
  ],
  ['an unknown member of our own', { xrouter: { fallback: ['demo/echo'] } }, 'xrouter.fallback'],
]
