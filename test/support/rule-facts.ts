import type { RuleFacts } from '../../src/protocol/rule.ts'

/** The facts of a plain question, with what a test says otherwise. */
export function ruleFacts({
  request,
  key,
  ...facts
}: Partial<Omit<RuleFacts, 'request' | 'key'>> & {
  request?: Partial<RuleFacts['request']>
  key?: Partial<RuleFacts['key']>
} = {}): RuleFacts {
  return {
    request: {
      model: 'openai/gpt-4o-mini',
      operation: 'chat',
      door: 'rest',
      stream: false,
      messages: 1n,
      images: 0n,
      files: 0n,
      tools: [],
      json_schema: false,
      reasoning_effort: '',
      max_tokens: 0n,
      choices: 1n,
      user: '',
      ...request,
    },
    key: { kind: 'api-key', id: 'key_1', tier: 'pro', scopes: ['INFERENCE'], tags: {}, ...key },
    organization: 'default',
    tags: {},
    headers: {},
    estimate: { input_tokens: 10n, output_tokens: 100n },
    now: new Date('2026-11-29T22:30:00Z'),
    ...facts,
  }
}
