import * as z from 'zod'
import { invalid } from './anthropic-error.ts'

const block = z.looseObject({ type: z.string() })
const textBlock = z.looseObject({ type: z.literal('text'), text: z.string() })

const tool = z.looseObject({
  type: z.string().optional(),
  name: z.string(),
  input_schema: z.record(z.string(), z.unknown()).optional(),
})

const requestSchema = z.strictObject({
  model: z.string(),
  max_tokens: z.int({ error: 'Field required' }).min(0),
  messages: z
    .array(
      z.strictObject({
        role: z.enum(['user', 'assistant', 'system']),
        content: z.union([z.string(), z.array(block)]),
      }),
    )
    .min(1, 'at least one message is required'),
  system: z.union([z.string(), z.array(textBlock)]).optional(),
  stop_sequences: z.array(z.string()).optional(),
  temperature: z.number().min(0).max(1).optional(),
  top_p: z.number().min(0).max(1).optional(),
  top_k: z.int().min(0).optional(),
  stream: z.boolean().optional(),
  tools: z.array(tool).optional(),
  tool_choice: z
    .strictObject({
      type: z.enum(['auto', 'any', 'tool', 'none']),
      name: z.string().optional(),
      disable_parallel_tool_use: z.boolean().optional(),
    })
    .optional(),
  thinking: z
    .discriminatedUnion('type', [
      z.strictObject({
        type: z.literal('enabled'),
        budget_tokens: z.int().min(1024),
        display: z.string().optional(),
      }),
      z.strictObject({ type: z.literal('adaptive'), display: z.string().optional() }),
      z.strictObject({ type: z.literal('disabled') }),
    ])
    .optional(),
  output_config: z
    .strictObject({
      effort: z.string().optional(),
      format: z.strictObject({ type: z.literal('json_schema'), schema: z.unknown() }).optional(),
    })
    .optional(),
  cache_control: z.looseObject({ type: z.literal('ephemeral') }).optional(),
  metadata: z.strictObject({ user_id: z.string().nullish() }).optional(),
  service_tier: z.enum(['auto', 'standard_only']).optional(),
  container: z.unknown().optional(),
  context_management: z.unknown().optional(),
  mcp_servers: z.array(z.unknown()).optional(),
  inference_geo: z.string().optional(),
})

export type MessageRequest = z.infer<typeof requestSchema>
export type WireBlock = z.infer<typeof block>
export type WireTool = z.infer<typeof tool>

/** Reads a body as the service does: the first problem is told with its place. */
export function parseMessageRequest(body: unknown, { counting = false } = {}): MessageRequest {
  const given = typeof body === 'object' && body !== null ? body : {}
  if (counting && 'max_tokens' in given) throw invalid('max_tokens: Extra inputs are not permitted')
  const parsed = requestSchema.safeParse(counting ? { ...given, max_tokens: 1 } : body)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  if (issue?.code === 'unrecognized_keys') {
    const path = [...issue.path, issue.keys[0]].join('.')
    throw invalid(`${path}: Extra inputs are not permitted`)
  }
  throw invalid(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`)
}

/** The blocks of a turn, of which a string is one of text. */
export function blocksOf(content: string | WireBlock[]): WireBlock[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content
}
