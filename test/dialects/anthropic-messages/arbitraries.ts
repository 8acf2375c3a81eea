import * as fc from 'fast-check'
import { decodeUsage } from '../../../src/dialects/anthropic-messages/usage.ts'
import type { ChatEvent, FinishReason } from '../../../src/protocol/event.ts'
import type {
  ChatRequest,
  ContentPart,
  Message,
  Signature,
  Tool,
  ToolChoice,
} from '../../../src/protocol/request.ts'
import { extra } from '../openai-chat/arbitraries.ts'

const dialect = 'anthropic-messages'

/** Text with something to see in it, as the wire demands. */
const text = fc.string({ unit: 'grapheme', maxLength: 10 }).map((written) => `a${written}z`)
const id = fc.stringMatching(/^[a-zA-Z0-9_-]{1,12}$/)
const cache = fc.oneof(fc.constant({}), fc.constantFrom({ ttl: '5m' }, { ttl: '1h' }))

function some<T>(record: { [K in keyof T]: fc.Arbitrary<T[K]> }, required: (keyof T)[]) {
  return fc.record(record, { requiredKeys: required, noNullPrototype: true })
}

const textPart: fc.Arbitrary<ContentPart> = some(
  { type: fc.constant('text' as const), text, cache, extra },
  ['type', 'text'],
)

const url = fc.constantFrom('https://example.com/a.png', 'data:image/png;base64,AA==')
const fileUrl = fc.constantFrom(
  'https://example.com/a.pdf',
  'data:application/pdf;base64,AA==',
  'data:text/plain;base64,eMOp',
)

const userPart: fc.Arbitrary<ContentPart> = fc.oneof(
  textPart,
  some({ type: fc.constant('image' as const), url, cache, extra }, ['type', 'url']),
  some({ type: fc.constant('image' as const), fileId: id }, ['type', 'fileId']),
  some({ type: fc.constant('file' as const), url: fileUrl, name: text, cache, extra }, [
    'type',
    'url',
  ]),
  native('search_result'),
)

function native(type: string): fc.Arbitrary<ContentPart> {
  return extra.map((members) => ({ type: 'native' as const, dialect, part: { ...members, type } }))
}

/** Of this dialect, or of another whose answers a client brings back. */
const proof: fc.Arbitrary<Signature> = fc.oneof(
  text.map((value) => ({ dialect, value })),
  text.map((value) => ({ dialect: 'gemini', value })),
)

const user = fc
  .array(userPart, { minLength: 1, maxLength: 3 })
  .map((parts): Message[] => [{ role: 'user', parts }])

/** A turn of the assistant, with the results of the calls that it makes. */
const exchange: fc.Arbitrary<Message[]> = fc
  .record({
    value: text,
    said: fc.array(fc.oneof(textPart, native('server_tool_use')), { minLength: 1, maxLength: 2 }),
    thought: fc.constantFrom('none' as const, 'signed' as const, 'sealed' as const),
    ids: fc.uniqueArray(id, { maxLength: 3 }),
    input: fc.dictionary(id, fc.nat(), { noNullPrototype: true }),
    results: fc.array(textPart, { maxLength: 2 }),
    isError: fc.boolean(),
  })
  .map(({ value, said, thought, ids, input, results, isError }): Message[] => {
    const toolCalls = ids.map((callId) => ({
      id: callId,
      kind: 'function' as const,
      name: 'f',
      arguments: JSON.stringify(input),
    }))
    const places: ContentPart[] = toolCalls.map((_, index) => ({ type: 'tool-call', index }))
    return [
      {
        role: 'assistant',
        parts: [...thoughtOf(thought, { dialect, value }), ...said, ...places],
        ...(toolCalls.length > 0 && { toolCalls }),
      },
      ...ids.map((toolCallId): Message => ({ role: 'tool', toolCallId, parts: results, isError })),
    ]
  })

function thoughtOf(kind: 'none' | 'signed' | 'sealed', own: Signature): ContentPart[] {
  if (kind === 'none') return []
  if (kind === 'sealed') return [{ type: 'reasoning', text: '', sealed: own }]
  return [{ type: 'reasoning', text: 'hm', signature: own }]
}

const tool: fc.Arbitrary<Tool> = fc.oneof(
  some(
    {
      kind: fc.constant('function' as const),
      name: id,
      description: text,
      parameters: fc.constant({ type: 'object' }),
      strict: fc.boolean(),
      cache,
      extra,
    },
    ['kind', 'name', 'parameters'],
  ),
  extra.map((members) => {
    const definition = { ...members, type: 'web_search_20250305' }
    return { kind: 'native' as const, type: definition.type, definition }
  }),
)

const toolChoice: fc.Arbitrary<ToolChoice> = fc.oneof(
  fc.record({ mode: fc.constantFrom('auto' as const, 'required' as const) }),
  id.map((name) => ({ mode: 'tool' as const, kind: 'function' as const, name })),
)

const thinking = fc.constantFrom<Partial<ChatRequest>[]>(
  {},
  { reasoningEffort: 'low' },
  { reasoningEffort: 'none' },
  { reasoningBudgetTokens: 2048, reasoningSummary: 'omitted' },
  { reasoningBudgetTokens: 2048 },
)

/** Requests as a client of this dialect makes them, in the form in which they are read. */
export const messageRequest: fc.Arbitrary<ChatRequest> = fc
  .record({
    system: fc.array(textPart, { maxLength: 2 }),
    turns: fc.array(fc.tuple(user, exchange), { maxLength: 2 }),
    last: user,
    thought: thinking,
    members: fc.oneof(extra, fc.constant({})),
    rest: some(
      {
        temperature: fc.constantFrom(0, 0.5, 1),
        topP: fc.constantFrom(0.5, 1),
        topK: fc.nat(50),
        stop: fc.array(text, { minLength: 1, maxLength: 2 }),
        tools: fc.array(tool, { minLength: 1, maxLength: 2 }),
        toolChoice,
        endUserId: text,
        responseFormat: fc.constant({
          type: 'json_schema' as const,
          name: 'answer',
          schema: { type: 'object' },
        }),
      },
      [],
    ),
    parallel: fc.boolean(),
    stream: fc.boolean(),
  })
  .map(({ system, turns, last, thought, members, rest, parallel, stream }) => ({
    model: 'claude-sonnet-4-5',
    messages: [
      ...(system.length > 0 ? [{ role: 'system' as const, parts: system }] : []),
      ...turns.flat(2),
      ...last,
    ],
    stream,
    maxTokens: 4096,
    ...rest,
    ...(rest.toolChoice && { parallelToolCalls: parallel }),
    ...thought,
    passthrough: { dialect, members, spellings: spellingsOf(thought) },
  }))

function spellingsOf(thought: Partial<ChatRequest>): Record<string, string> {
  if (thought.reasoningBudgetTokens !== undefined) return { thinking: 'enabled' }
  return thought.reasoningEffort === 'none' ? { thinking: 'disabled' } : {}
}

const choice = 0

function block(events: ChatEvent[], kind: 'text' | 'reasoning', members = {}): ChatEvent[] {
  return [{ type: 'part-start', choice, kind, extra: { dialect, members } }, ...events]
}

const blocks: fc.Arbitrary<ChatEvent[][]> = fc.array(
  fc.oneof(
    fc
      .record({
        written: fc.array(text, { maxLength: 3 }),
        members: fc.oneof(extra, fc.constant({})),
      })
      .map(({ written, members }) =>
        block(
          written.map((each) => ({ type: 'text-delta' as const, choice, text: each })),
          'text',
          members,
        ),
      ),
    fc.record({ written: text, signature: proof }).map(({ written, signature }) =>
      block(
        [
          { type: 'reasoning-delta', choice, text: written },
          { type: 'reasoning-delta', choice, text: '', signature },
        ],
        'reasoning',
      ),
    ),
    proof.map((sealed) =>
      block([{ type: 'reasoning-delta', choice, text: '', sealed }], 'reasoning'),
    ),
    fc.record({ written: text, raw: extra }).map(({ written, raw }) =>
      block(
        [
          { type: 'text-delta', choice, text: written },
          { type: 'annotations', choice, annotations: [{ dialect, raw }] },
        ],
        'text',
      ),
    ),
    extra.map((members): ChatEvent[] => [
      { type: 'native-part', choice, dialect, part: { ...members, type: 'container_upload' } },
    ]),
    fc.record({ input: extra, callId: id }).map(({ input, callId }): ChatEvent[] => [
      { type: 'tool-call-start', choice, index: -1, id: callId, kind: 'function', name: 'f' },
      { type: 'tool-call-delta', choice, index: -1, argumentsDelta: JSON.stringify(input) },
      { type: 'tool-call-end', choice, index: -1 },
    ]),
  ),
  { maxLength: 5 },
)

const finish = fc.constantFrom<FinishReason[]>(
  { unified: 'stop', raw: 'end_turn' },
  { unified: 'stop', raw: 'stop_sequence', stopSequence: 'END' },
  { unified: 'length', raw: 'max_tokens' },
  { unified: 'tool_calls', raw: 'tool_use' },
  { unified: 'content_filter', raw: 'refusal' },
)

const usage = some(
  {
    input_tokens: fc.nat(1000),
    output_tokens: fc.integer({ min: 100, max: 1000 }),
    cache_read_input_tokens: fc.nat(1000),
    cache_creation_input_tokens: fc.nat(1000),
    output_tokens_details: fc.record({ thinking_tokens: fc.nat(100) }),
    service_tier: fc.constant('standard'),
  },
  ['input_tokens', 'output_tokens'],
)

/** A whole answer of an upstream of this dialect. */
export const messageEvents: fc.Arbitrary<ChatEvent[]> = fc
  .record({ blocks, finish, usage, members: fc.oneof(extra, fc.constant(undefined)) })
  .map(({ blocks: said, finish: reason, usage: raw, members }) => {
    const counted = decodeUsage(raw)
    return [
      { type: 'response-start', id: 'msg_1', model: 'provider/model' },
      ...(members ? [{ type: 'extra' as const, dialect, members }] : []),
      ...(counted ? [{ type: 'usage' as const, usage: counted }] : []),
      ...numbered(said.flat()),
      { type: 'finish', choice, reason },
    ]
  })

/** Calls have their numbers in the order of their appearance. */
function numbered(events: ChatEvent[]): ChatEvent[] {
  let calls = -1
  return events.map((event) => {
    if (event.type === 'tool-call-start') calls += 1
    return 'index' in event ? { ...event, index: calls } : event
  })
}
