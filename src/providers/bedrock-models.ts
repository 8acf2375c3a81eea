import type { ModelInfo } from './provider.ts'

/** In USD for a million tokens, on demand; other regions, tiers and long prompts have tariffs of their own. */
const source = 'AWS list prices (us-east-1) in a community snapshot of 2026-08-01'

interface Facts {
  context: number
  output: number
  /** Input and output; for models with a cache what is read from and written to it. */
  prices: [input: string, output: string, cached?: string, written?: string]
  sees?: boolean
  reasons?: boolean
}

const basic = ['max_tokens', 'response_format', 'temperature', 'tool_choice', 'tools', 'top_p']

export const bedrockModels: ModelInfo[] = [
  ...claude('claude-opus-5', 1_000_000, 128_000, '5'),
  ...claude('claude-opus-4-8', 1_000_000, 128_000, '5'),
  ...claude('claude-opus-4-7', 1_000_000, 128_000, '5'),
  ...claude('claude-opus-4-6-v1', 1_000_000, 128_000, '5'),
  ...claude('claude-sonnet-5', 1_000_000, 128_000, '2'),
  ...claude('claude-sonnet-4-6', 1_000_000, 64_000, '3'),
  ...claude('claude-sonnet-4-5-20250929-v1:0', 200_000, 64_000, '3'),
  ...claude('claude-haiku-4-5-20251001-v1:0', 200_000, 64_000, '1'),
  model('amazon.nova-micro-v1:0', small(128_000, ['0.035', '0.14'])),
  model('amazon.nova-lite-v1:0', { ...small(300_000, ['0.06', '0.24']), sees: true }),
  model('amazon.nova-pro-v1:0', { ...small(300_000, ['0.8', '3.2']), sees: true }),
  model('us.amazon.nova-2-lite-v1:0', {
    context: 1_000_000,
    output: 64_000,
    prices: ['0.33', '2.75', '0.0825'],
    sees: true,
    reasons: true,
  }),
  model('openai.gpt-oss-120b-1:0', open(128_000, 128_000, ['0.15', '0.6'])),
  model('openai.gpt-oss-20b-1:0', open(128_000, 128_000, ['0.07', '0.3'])),
  model('deepseek.v3.2', open(163_840, 163_840, ['0.62', '1.85'])),
  model('qwen.qwen3-235b-a22b-2507-v1:0', open(262_144, 131_072, ['0.22', '0.88'])),
  model('mistral.mistral-large-3-675b-instruct', {
    context: 128_000,
    output: 8_192,
    prices: ['0.5', '1.5'],
  }),
]

/** Newer ones are called by profile: one for all regions, and one for those of a part of the world, which costs a tenth more. */
function claude(name: string, context: number, output: number, input: string): ModelInfo[] {
  const times = (factor: number): string => String(Number((Number(input) * factor).toFixed(6)))
  const facts = (share: number): Facts => ({
    context,
    output,
    prices: [times(share), times(5 * share), times(0.1 * share), times(1.25 * share)],
    sees: true,
    reasons: true,
  })
  return [
    model(`global.anthropic.${name}`, facts(1)),
    model(`us.anthropic.${name}`, facts(1.1)),
    model(`eu.anthropic.${name}`, facts(1.1)),
  ]
}

function small(context: number, prices: Facts['prices']): Facts {
  return { context, output: 10_000, prices }
}

function open(context: number, output: number, prices: Facts['prices']): Facts {
  return { context, output, prices, reasons: true }
}

function model(name: string, { context, output, prices, sees, reasons }: Facts): ModelInfo {
  const [inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens] = prices
  const isClaude = name.includes('anthropic')
  return {
    name,
    contextLength: context,
    maxOutputTokens: output,
    inputModalities: sees ? ['text', 'image', 'file'] : ['text'],
    features: ['streaming', 'tools', 'json_schema', ...(reasons ? ['reasoning'] : [])],
    supportedParameters: [
      ...basic,
      'stop',
      ...(isClaude ? ['parallel_tool_calls', 'reasoning_effort', 'top_k'] : []),
    ].toSorted(),
    price: {
      currency: 'USD',
      perMillion: {
        inputTokens,
        outputTokens,
        ...(cachedInputTokens !== undefined && { cachedInputTokens }),
        ...(cacheWriteTokens !== undefined && { cacheWriteTokens }),
      },
      source,
    },
  }
}
