import { decodeChatRequest } from '../../src/dialects/openai-chat/decode-request.ts'
import { decodeTextRequest } from '../../src/dialects/openai-completions/decode-request.ts'
import type { ChatRequest } from '../../src/protocol/request.ts'
import type { FeatureName } from '../../src/protocol/features.ts'

/** The smallest OpenAI body that uses a feature, and where it does. */
export interface FeatureSample {
  body: Record<string, unknown>
  path: string
}

const user = { role: 'user', content: 'hello' }
const tool = { type: 'function', function: { name: 'f', parameters: { type: 'object' } } }
const custom = { type: 'custom', custom: { name: 'c' } }
const call = (id: string) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } })
const result = (id: string) => ({ role: 'tool', tool_call_id: id, content: '1' })
const pixel =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

export const featureSamples: Record<FeatureName, FeatureSample> = {
  temperature: sample({ temperature: 0.5 }, 'temperature'),
  top_p: sample({ top_p: 0.5 }, 'top_p'),
  max_tokens: sample({ max_tokens: 50 }, 'max_tokens'),
  frequency_penalty: sample({ frequency_penalty: 0.5 }, 'frequency_penalty'),
  presence_penalty: sample({ presence_penalty: 0.5 }, 'presence_penalty'),
  seed: sample({ seed: 1 }, 'seed'),
  reasoning_effort: sample({ reasoning_effort: 'low' }, 'reasoning_effort'),
  top_k: sample({ top_k: 40 }, 'top_k'),
  reasoning_budget: sample({ reasoning: { max_tokens: 500 } }, 'reasoning.max_tokens'),
  reasoning_summary: sample({ reasoning: { summary: 'concise' } }, 'reasoning.summary'),
  end_user: sample({ user: 'person-1' }, 'user'),
  cache_control: said(
    [part({ type: 'text', text: 'hello', cache_control: { type: 'ephemeral' } })],
    'messages[0].content[0].cache_control',
  ),
  tool_error: sample(
    {
      tools: [tool],
      messages: [
        user,
        { role: 'assistant', content: null, tool_calls: [call('call_1')] },
        { ...result('call_1'), is_error: true },
      ],
    },
    'messages[2].is_error',
  ),
  parallel_tool_calls: sample({ parallel_tool_calls: false, tools: [tool] }, 'parallel_tool_calls'),
  participant_name: said([{ ...user, name: 'Anna' }], 'messages[0].name'),
  reasoning_history: said(
    [user, { role: 'assistant', content: 'hi', reasoning_content: 'a greeting' }, user],
    'messages[1].reasoning_content',
  ),
  image_detail: said(
    [part({ type: 'image_url', image_url: { url: pixel, detail: 'low' } })],
    'messages[0].content[0].image_url.detail',
  ),
  tool_strict: sample(
    { tools: [{ ...tool, function: { ...tool.function, strict: true } }] },
    'tools[0].function.strict',
  ),
  passthrough: sample({ prompt_cache_key: 'k' }, 'prompt_cache_key'),
  stop: sample({ stop: ['END'] }, 'stop'),
  choices: sample({ n: 2 }, 'n'),
  logprobs: sample({ logprobs: true, top_logprobs: 1 }, 'logprobs'),
  json_object: sample(
    { response_format: { type: 'json_object' }, messages: [{ role: 'user', content: 'json' }] },
    'response_format',
  ),
  json_schema: sample(
    {
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 's',
          schema: { type: 'object', properties: { a: { type: 'string' } } },
        },
      },
    },
    'response_format',
  ),
  native_response_format: sample(
    { response_format: { type: 'grammar', grammar: 'root ::= "x"' } },
    'response_format',
  ),
  suffix: { body: { prompt: 'hello', suffix: 'the end' }, path: 'suffix' },
  tools: sample({ tools: [tool] }, 'tools[0]'),
  custom_tools: sample({ tools: [custom] }, 'tools[0]'),
  native_tools: sample({ tools: [{ type: 'web_search' }] }, 'tools[0]'),
  tool_choice_none: sample({ tools: [tool], tool_choice: 'none' }, 'tool_choice'),
  tool_choice_required: sample({ tools: [tool], tool_choice: 'required' }, 'tool_choice'),
  tool_choice_named: sample(
    { tools: [tool], tool_choice: { type: 'function', function: { name: 'f' } } },
    'tool_choice',
  ),
  tool_choice_native: sample(
    {
      tools: [tool],
      tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [tool] } },
    },
    'tool_choice',
  ),
  later_system: said(
    [{ role: 'system', content: 'a' }, user, { role: 'system', content: 'b' }, user],
    'messages[2]',
  ),
  developer: said([{ role: 'developer', content: 'a' }, user], 'messages[0]'),
  tool_history: sample(
    {
      tools: [tool],
      messages: [
        user,
        { role: 'assistant', content: null, tool_calls: [call('call_1')] },
        result('call_1'),
      ],
    },
    'messages[1]',
  ),
  parallel_tool_history: sample(
    {
      tools: [tool],
      messages: [
        user,
        { role: 'assistant', content: null, tool_calls: [call('call_1'), call('call_2')] },
        result('call_1'),
        result('call_2'),
      ],
    },
    'messages[1].tool_calls',
  ),
  image_url: said(
    [part({ type: 'image_url', image_url: { url: 'https://example.com/a.png' } })],
    'messages[0].content[0]',
  ),
  image_data: said(
    [part({ type: 'image_url', image_url: { url: pixel } })],
    'messages[0].content[0]',
  ),
  image_id: said(
    [part({ type: 'image_url', image_url: { file_id: 'file-1' } })],
    'messages[0].content[0]',
  ),
  audio: said(
    [part({ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } })],
    'messages[0].content[0]',
  ),
  file_url: said(
    [part({ type: 'file', file: { file_data: 'https://example.com/a.pdf', filename: 'a.pdf' } })],
    'messages[0].content[0]',
  ),
  file_data: said(
    [
      part({
        type: 'file',
        file: { file_data: 'data:application/pdf;base64,AAAA', filename: 'a.pdf' },
      }),
    ],
    'messages[0].content[0]',
  ),
  file_id: said([part({ type: 'file', file: { file_id: 'file-1' } })], 'messages[0].content[0]'),
  native_part: said(
    [
      user,
      {
        role: 'assistant',
        content: 'hi',
        xrouter: {
          parts: [
            { type: 'native', dialect: 'of-nobody', part: { type: 'search', query: 'x' } },
            { type: 'text', text: 'hi' },
          ],
        },
      },
      user,
    ],
    'messages[1].content[0]',
  ),
  refusal_history: said(
    [user, { role: 'assistant', content: [{ type: 'refusal', refusal: 'No.' }] }, user],
    'messages[1].content[0]',
  ),
}

/** Where a sample is sent: the few that chat has no word for are legacy completions. */
export function doorOf(body: object): string {
  return 'prompt' in body ? '/v1/completions' : '/v1/chat/completions'
}

/** The request that a sample's door makes of it. */
export function decodeSample(model: string, body: object): ChatRequest {
  return 'prompt' in body
    ? decodeTextRequest({ model, ...body }).requests[0]
    : decodeChatRequest({ model, ...body }).request
}

function sample(members: Record<string, unknown>, path: string): FeatureSample {
  return { body: { messages: [user], ...members }, path }
}

function said(messages: unknown[], path: string): FeatureSample {
  return { body: { messages }, path }
}

function part(value: object) {
  return { role: 'user', content: [value] }
}
