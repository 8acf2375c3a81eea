import * as fc from 'fast-check'
import type {
  ChatRequest,
  ContentPart,
  Extra,
  Message,
  ResponseFormat,
  Tool,
  ToolCall,
  ToolChoice,
} from '../../../src/protocol/request.ts'

/** JSON knows no minus zero. */
function asWritten(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

/** Members that no dialect reads: their names cannot collide with those that OpenAI may add. */
export const extra: fc.Arbitrary<Extra> = fc.dictionary(
  fc.stringMatching(/^x_[a-z]{1,4}$/),
  fc
    .jsonValue({ maxDepth: 2 })
    .filter((value) => value !== null)
    .map(asWritten),
  { minKeys: 1, maxKeys: 3, noNullPrototype: true },
)

/** Text as models write it: any code points, halves of surrogate pairs excepted. */
export const text = fc.string({ unit: 'grapheme', maxLength: 12 })
export const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 })

const cache = fc.oneof(fc.constant({}), fc.constant({ ttl: '1h' }))

const withExtra = { extra }

function some<T>(record: { [K in keyof T]: fc.Arbitrary<T[K]> }, required: (keyof T)[]) {
  return fc.record(record, { requiredKeys: required, noNullPrototype: true })
}

const url = fc.constantFrom('https://example.com/a.png', 'data:image/png;base64,AA==')

const part: fc.Arbitrary<ContentPart> = fc.oneof(
  some({ type: fc.constant('text' as const), text, cache, ...withExtra }, ['type', 'text']),
  some({ type: fc.constant('refusal' as const), text, ...withExtra }, ['type', 'text']),
  some({ type: fc.constant('image' as const), url, detail: word, cache, ...withExtra }, [
    'type',
    'url',
  ]),
  some({ type: fc.constant('audio' as const), data: text, format: word, ...withExtra }, [
    'type',
    'data',
    'format',
  ]),
  some({ type: fc.constant('file' as const), url, name: text, ...withExtra }, ['type', 'url']),
  some({ type: fc.constant('file' as const), fileId: word, name: text, ...withExtra }, [
    'type',
    'fileId',
  ]),
)

const parts = fc.array(part, { minLength: 1, maxLength: 3 })

const argumentsText = fc.oneof(
  fc.constant(''),
  fc.dictionary(word, text).map((members) => JSON.stringify(members)),
)

export const toolCall: fc.Arbitrary<ToolCall> = fc.oneof(
  callOf('function', argumentsText),
  callOf('custom', text),
)

function callOf<Kind extends 'function' | 'custom'>(kind: Kind, written: fc.Arbitrary<string>) {
  return some({ id: word, kind: fc.constant(kind), name: word, arguments: written, ...withExtra }, [
    'id',
    'kind',
    'name',
    'arguments',
  ])
}

const message: fc.Arbitrary<Message> = fc.oneof(
  some(
    {
      role: fc.constantFrom('system' as const, 'developer' as const, 'user' as const),
      parts,
      name: text,
      ...withExtra,
    },
    ['role', 'parts'],
  ),
  some(
    {
      role: fc.constant('assistant' as const),
      parts: fc.array(part, { maxLength: 2 }),
      name: text,
      toolCalls: fc.array(toolCall, { minLength: 1, maxLength: 2 }),
      ...withExtra,
    },
    ['role', 'parts'],
  ).chain((said) => fc.option(text).map((thought) => withThought(said, thought))),
  some({ role: fc.constant('tool' as const), parts, toolCallId: word, ...withExtra }, [
    'role',
    'parts',
    'toolCallId',
  ]),
  some({ role: fc.constant('tool' as const), parts, name: word }, ['role', 'parts', 'name']),
)

/** A result belongs to a call that was made before; where there is none there is no result. */
function answering(messages: Message[]): Message[] {
  const made: string[] = []
  return messages.map((each, index) => {
    for (const { id } of each.toolCalls ?? []) made.push(id)
    if (each.toolCallId === undefined) return each
    const id = made[index % made.length]
    return id === undefined ? { role: 'user', parts: each.parts } : { ...each, toolCallId: id }
  })
}

function withThought<T extends { parts: ContentPart[] }>(said: T, thought: string | null): T {
  if (thought === null) return said
  return { ...said, parts: [{ type: 'reasoning', text: thought }, ...said.parts] }
}

const schema = fc.constantFrom({ type: 'object', properties: { a: { type: 'number' } } }, {})

const native = fc.record({ type: fc.constantFrom('native_a', 'native_b'), x: fc.nat() })

const tool: fc.Arbitrary<Tool> = fc.oneof(
  some(
    {
      kind: fc.constant('function' as const),
      name: word,
      description: text,
      parameters: schema,
      strict: fc.boolean(),
      cache,
      ...withExtra,
    },
    ['kind', 'name'],
  ),
  some(
    {
      kind: fc.constant('custom' as const),
      name: word,
      description: text,
      format: fc.constant({ type: 'text' }),
      ...withExtra,
    },
    ['kind', 'name'],
  ),
  native.map((definition) => ({ kind: 'native' as const, type: definition.type, definition })),
)

const toolChoice: fc.Arbitrary<ToolChoice> = fc.oneof(
  fc.record({ mode: fc.constantFrom('none' as const, 'auto' as const, 'required' as const) }),
  fc.record({
    mode: fc.constant('tool' as const),
    kind: fc.constantFrom('function' as const, 'custom' as const),
    name: word,
  }),
  native.map((definition) => ({ mode: 'native' as const, definition })),
)

const responseFormat: fc.Arbitrary<ResponseFormat> = fc.oneof(
  fc.record({ type: fc.constantFrom('text' as const, 'json_object' as const) }),
  some(
    {
      type: fc.constant('json_schema' as const),
      name: word,
      description: text,
      schema,
      strict: fc.boolean(),
    },
    ['type', 'name'],
  ),
  native.map((definition) => ({ type: 'native' as const, definition })),
)

const amount = fc.double({ min: 0, max: 1, noNaN: true }).map(Math.abs)

/** Requests as a client of this dialect makes them. */
export const chatRequest: fc.Arbitrary<ChatRequest> = fc
  .record(
    {
      model: word,
      messages: fc.array(message, { minLength: 1, maxLength: 4 }).map(answering),
      stream: fc.boolean(),
      temperature: amount,
      topP: amount,
      maxTokens: fc.integer({ min: 1, max: 100_000 }),
      frequencyPenalty: amount,
      presencePenalty: amount,
      stop: fc.array(text, { maxLength: 3 }),
      seed: fc.maxSafeInteger(),
      choices: fc.integer({ min: 1, max: 128 }),
      tools: fc.array(tool, { maxLength: 3 }),
      toolChoice,
      parallelToolCalls: fc.boolean(),
      responseFormat,
      reasoningEffort: word,
      reasoningBudgetTokens: fc.integer({ min: 1, max: 9_999 }),
      reasoningSummary: word,
      topK: fc.nat({ max: 100 }),
      endUserId: word,
      logprobs: fc.constant(true),
    },
    { requiredKeys: ['model', 'messages', 'stream'], noNullPrototype: true },
  )
  .chain((request) =>
    fc
      .record({
        members: fc.oneof(extra, fc.constant({})),
        spelling: fc.constantFrom('max_tokens', 'max_completion_tokens'),
      })
      .map(({ members, spelling }) => ({
        ...request,
        passthrough: {
          dialect: 'openai-chat',
          members,
          ...(request.maxTokens !== undefined && { spellings: { maxTokens: spelling } }),
        },
      })),
  )
