import type { CompletionValue } from '../../src/graphql/completion-answer.ts'
import type { CompletionErrorValue } from '../../src/graphql/error.ts'
import type { AttemptValue } from '../../src/graphql/attempt.ts'
import type { ResponseChoice } from '../../src/protocol/response.ts'

const cost = { currency: 'USD', nanos: 1_234n }
const usage = {
  inputTokens: 10,
  cachedInputTokens: null,
  outputTokens: 3,
  totalTokens: 13,
  estimated: false,
  cost,
}
/** A failed one. */
export const attempt: AttemptValue = {
  number: 1,
  provider: 'a',
  model: 'a/b',
  status: 'failed',
  httpStatus: 429,
  errorCode: 'PROVIDER_RATE_LIMITED',
  latencyMs: 12.5,
  timeToFirstTokenMs: null,
  usage: null,
  accountingCost: null,
}
const signature = { dialect: 'openai-chat', value: 'abc' }
const annotation = {
  url: 'https://example.com/',
  title: undefined,
  startIndex: 0,
  endIndex: 3,
  dialect: 'openai-chat',
  raw: { type: 'url_citation', deep: [1, null, { a: 'b' }] },
}

/** A choice with a part of each kind. */
export const choice: ResponseChoice = {
  index: 1,
  parts: [
    { type: 'reasoning', text: 'Let me see.', signature },
    { type: 'text', text: 'Héllo "there"\n', annotations: [annotation] },
    { type: 'refusal', text: 'No.' },
    { type: 'tool-call', index: 0 },
    { type: 'native', dialect: 'openai-chat', part: { search: [] } },
  ],
  content: 'Héllo "there"\n',
  reasoning: 'Let me see.',
  refusal: null,
  toolCalls: [{ id: 'call_1', kind: 'function', name: 'add', arguments: '{"a":1}', signature }],
  annotations: [annotation],
  logprobs: {
    content: [
      {
        token: 'Hi',
        logprob: -0.5,
        bytes: [72, 105],
        topLogprobs: [{ token: 'Ho', logprob: -1, bytes: null }],
      },
    ],
    refusal: null,
  },
  finishReason: { unified: 'tool_calls', raw: 'tool_calls' },
}

/** An answer with two choices. */
export const answered: CompletionValue = {
  kind: 'completion',
  id: 'req_1',
  model: 'a/b',
  provider: 'a',
  createdAt: new Date('2026-11-20T12:00:00.000Z'),
  choices: [
    { ...choice, index: 0, logprobs: undefined, finishReason: { unified: 'stop' } },
    choice,
  ],
  usage,
  attempts: [attempt, { ...attempt, number: 2, status: 'succeeded', usage, accountingCost: cost }],
  warnings: ['seed is ignored'],
  cache: 'off',
}

/** A failure after one attempt. */
export const failed: CompletionErrorValue = {
  kind: 'error',
  code: 'PROVIDER_RATE_LIMITED',
  message: 'The provider is busy.',
  retryable: true,
  requestId: 'req_1',
  retryAfterMs: 1501,
  path: null,
  attempts: [attempt],
}
