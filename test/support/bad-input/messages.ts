import { type BadInput, large, pixel, user } from './fault.ts'

const said = (...turns: unknown[]) => ({ messages: turns })
const part = (value: object) => said({ role: 'user', content: [value] })
const image = (media_type: string, data: string) =>
  part({ type: 'image', source: { type: 'base64', media_type, data } })
const calls = (input: unknown, id = 'toolu_1') => ({
  role: 'assistant',
  content: [{ type: 'tool_use', id, name: 'f', input }],
})
const result = (id: string) => ({
  role: 'user',
  content: [{ type: 'tool_result', tool_use_id: id, content: '1' }],
})

/** Bodies that `POST /v1/messages` refuses. */
export const messagesFaults: readonly BadInput[] = [
  ['empty messages', said(), 'messages'],
  ['messages that are a string', { messages: 'hello' }, 'messages'],
  ['no model', { model: undefined }, 'model'],
  ['no limit of tokens', { max_tokens: undefined }, 'max_tokens'],
  ['an unknown role', said({ role: 'wizard', content: 'x' }), 'messages[0].role'],
  ['a content that is a number', said({ role: 'user', content: 1 }), 'messages[0].content'],
  [
    'an unknown kind of content',
    part({ type: 'smell', smell: 'x' }),
    'messages[0].content[0].type',
  ],
  [
    'an unknown kind of content in a result',
    said(user, calls({}), {
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: [{ type: 'smell' }] }],
    }),
    'messages[2].content[0].content[0].type',
  ],
  ['a text part without text', part({ type: 'text' }), 'messages[0].content[0].text'],
  [
    'a result without any call',
    said(user, result('toolu_1')),
    'messages[1].content[0].tool_use_id',
  ],
  [
    'a result of another call',
    said(user, calls({}), result('toolu_2')),
    'messages[2].content[0].tool_use_id',
  ],
  [
    'broken arguments',
    said(user, calls('{"a":'), result('toolu_1')),
    'messages[1].content[0].input',
  ],
  ['an image of 30 MB', image('image/png', large), 'messages[0].content[0].source'],
  [
    'an image of an unknown media type',
    image('image/x-unheard-of', pixel),
    'messages[0].content[0].source',
  ],
  [
    'an image of an unknown source',
    part({ type: 'image', source: { type: 'dream' } }),
    'messages[0].content[0].source.type',
  ],
  ['a temperature in words', { temperature: 'hot' }, 'temperature'],
  ['stop sequences that are numbers', { stop_sequences: [1] }, 'stop_sequences[0]'],
  ['a tool without a name', { tools: [{ input_schema: {} }] }, 'tools[0].name'],
  [
    'a schema of arguments that is a string',
    { tools: [{ name: 'f', input_schema: 'x' }] },
    'tools[0].input_schema',
  ],
  ['an unknown choice of tools', { tool_choice: { type: 'perhaps' } }, 'tool_choice.type'],
  ['an unknown member of our own', { xrouter: { fallback: ['demo/echo'] } }, 'xrouter.fallback'],
]
