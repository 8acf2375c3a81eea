import { z } from 'zod'
import { midStreamFailures } from '../gateway/call.ts'
import { maxCostSchema } from '../gateway/max-cost.ts'
import { imageFault } from '../lib/image-data.ts'
import type { ToolChoice } from '../protocol/request.ts'
import { optional, routingSchemas } from '../protocol/routing-schema.ts'
import { tagsSchema, type Tags } from '../protocol/tags.ts'

/** Members that have a field of their own; in `passthrough` they would go around its checks. */
const ownFields = new Set(
  (
    'model messages stream stream_options temperature top_p max_tokens max_completion_tokens stop seed n ' +
    'tools tool_choice parallel_tool_calls response_format reasoning_effort logprobs top_logprobs ' +
    'functions function_call xrouter'
  ).split(' '),
)

const imageUrl = z.string().superRefine((url, context) => {
  const fault = /^(https:\/\/|data:)/i.test(url)
    ? imageFault(url)
    : 'must be an https: or a data: URL'
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
})

const mediaUrl = z.string().regex(/^(https:\/\/|data:)/i, 'must be an https: or a data: URL')

const signature = z.object({ dialect: z.string().min(1), value: z.string() })

const cacheMark = z.object({ ttl: optional(z.string().min(1)) })

export type ContentPartInput = z.infer<typeof contentPart>

const contentPart = z.object({
  text: optional(z.string()),
  imageId: optional(z.string().min(1)),
  fileId: optional(z.string().min(1)),
  signedText: optional(z.object({ text: z.string(), signature: optional(signature) })),
  reasoning: optional(
    z.object({ text: z.string(), signature: optional(signature), sealed: optional(signature) }),
  ),
  toolCall: optional(z.int().min(0)),
  native: optional(
    z.object({ dialect: z.string().min(1), part: z.record(z.string(), z.unknown()) }),
  ),
  image: optional(z.object({ url: imageUrl, detail: optional(z.string()) })),
  file: optional(
    z.object({ url: mediaUrl, mediaType: z.string().min(1), name: optional(z.string()) }),
  ),
})

const toolCall = z.object({
  id: z.string().min(1),
  name: z.string().min(1),
  arguments: z.union([z.string(), z.record(z.string(), z.unknown())], {
    error: 'must be a string of JSON or an object',
  }),
  signature: optional(signature),
})

export type MessageInput = z.infer<typeof message>

const message = z
  .object({
    role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
    content: optional(z.string()),
    parts: optional(z.array(contentPart).min(1)),
    name: optional(z.string()),
    toolCalls: optional(z.array(toolCall).min(1)),
    toolCallId: optional(z.string().min(1)),
    isError: optional(z.boolean()),
    cache: optional(cacheMark),
  })
  .superRefine(({ role, content, parts, toolCalls, toolCallId, isError }, context) => {
    const fault = (path: string, text: string): void =>
      context.addIssue({ code: 'custom', path: [path], message: text })
    if (content !== undefined && parts) fault('content', 'cannot be given together with `parts`')
    if (content === undefined && !parts && !toolCalls) {
      fault('content', 'is required where there are neither `parts` nor `toolCalls`')
    }
    if (toolCalls && role !== 'assistant') fault('toolCalls', 'is only for the role ASSISTANT')
    if (role === 'tool' && toolCallId === undefined) {
      fault('toolCallId', 'is required for the role TOOL')
    }
    if (role !== 'tool' && toolCallId !== undefined) {
      fault('toolCallId', 'is only for the role TOOL')
    }
    if (role !== 'tool' && isError !== undefined) fault('isError', 'is only for the role TOOL')
    for (const [index, part] of (parts ?? []).entries()) {
      const beyond = part.toolCall !== undefined && part.toolCall >= (toolCalls?.length ?? 0)
      if (beyond) fault(`parts[${index}].toolCall`, 'is no index of `toolCalls`')
      if (part.reasoning && role !== 'assistant') {
        fault(`parts[${index}].reasoning`, 'is only for the role ASSISTANT')
      }
    }
  })

const tool = z
  .object({
    name: z.string().min(1),
    description: optional(z.string()),
    parameters: optional(z.record(z.string(), z.unknown())),
    strict: optional(z.boolean()),
    cache: optional(cacheMark),
  })
  .transform((fields) => ({ kind: 'function' as const, ...fields }))

const toolName = z.string().min(1)
const toolChoice = z.union(
  [
    z.enum(['none', 'auto', 'required']).transform((mode): ToolChoice => ({ mode })),
    z.strictObject({ name: toolName }).transform(({ name }) => namedTool(name)),
    z
      .strictObject({ type: z.literal('function'), function: z.strictObject({ name: toolName }) })
      .transform(({ function: { name } }) => namedTool(name)),
  ],
  { error: 'must be "none", "auto", "required" or {name: "…"}' },
)

const responseFormat = z.discriminatedUnion(
  'type',
  [
    z.strictObject({ type: z.literal('text') }),
    z.strictObject({ type: z.literal('json_object') }),
    z
      .strictObject({
        type: z.literal('json_schema'),
        json_schema: z.strictObject({
          name: z.string().min(1),
          description: optional(z.string()),
          schema: optional(z.record(z.string(), z.unknown())),
          strict: optional(z.boolean()),
        }),
      })
      .transform(({ type, json_schema }) => ({ type, ...json_schema })),
  ],
  { error: 'must be an object with a `type` of "text", "json_object" or "json_schema"' },
)

const passthrough = z
  .record(z.string(), z.unknown(), { error: 'must be an object' })
  .superRefine((members, context) => {
    for (const name of Object.keys(members).filter((each) => ownFields.has(each))) {
      context.addIssue({
        code: 'custom',
        path: [name],
        message: 'has a field of its own in the input; use that',
      })
    }
  })

const names = z.array(z.string().min(1).max(300)).max(50)

const tags = z.custom<Tags>(
  (value) => tagsSchema.safeParse(value).success,
  'must be an object of at most 50 strings (of at most 500 characters), numbers and booleans',
)

/** What every input says of where a request may go, and its labels. */
export const routing = {
  fallbacks: optional(names),
  routing: optional(
    z.object({
      allowProviders: optional(names.min(1)),
      denyProviders: optional(names),
      ...routingSchemas,
      maxCost: optional(maxCostSchema),
      deadlineMs: optional(z.int().min(1).max(86_400_000)),
      priority: optional(z.int().min(-10).max(10)),
      midStreamFailure: optional(z.enum(midStreamFailures)),
    }),
  ),
  tags: optional(tags),
}

const seconds = z.number().min(0).max(31_536_000)

const cacheInput = z
  .object({
    mode: optional(z.enum(['on', 'off'])),
    noCache: optional(z.boolean()),
    noStore: optional(z.boolean()),
    maxAgeSeconds: optional(seconds),
    onlyIfCached: optional(z.boolean()),
    ttlSeconds: optional(seconds),
    namespace: optional(z.string().min(1).max(100)),
    tools: optional(z.boolean()),
  })
  .transform(({ maxAgeSeconds, ttlSeconds, ...wishes }) => ({
    ...wishes,
    maxAgeMs: maxAgeSeconds === undefined ? undefined : maxAgeSeconds * 1000,
    ttlMs: ttlSeconds === undefined ? undefined : ttlSeconds * 1000,
  }))

/** A `CompletionInput` that GraphQL has parsed. */
export const completionInput = z
  .object({
    model: z.string().min(1),
    messages: z.array(message).min(1, 'must have at least one message'),
    temperature: optional(z.number().min(0).max(2)),
    topP: optional(z.number().min(0).max(1)),
    topK: optional(z.int().min(0)),
    frequencyPenalty: optional(z.number().min(-2).max(2)),
    presencePenalty: optional(z.number().min(-2).max(2)),
    maxTokens: optional(z.int().min(1)),
    stop: optional(z.array(z.string().min(1))),
    seed: optional(z.int()),
    choices: optional(z.int().min(1).max(128)),
    tools: optional(z.array(tool)),
    toolChoice: optional(toolChoice),
    parallelToolCalls: optional(z.boolean()),
    responseFormat: optional(responseFormat),
    reasoningEffort: optional(z.string().min(1)),
    reasoningBudgetTokens: optional(z.int().min(1)),
    reasoningSummary: optional(z.string().min(1)),
    endUser: optional(z.string().min(1)),
    logprobs: optional(z.boolean()),
    topLogprobs: optional(z.int().min(0).max(20)),
    ...routing,
    cache: optional(cacheInput),
    passthrough: optional(passthrough),
  })
  .refine(({ logprobs, topLogprobs }) => topLogprobs === undefined || logprobs === true, {
    path: ['topLogprobs'],
    error: 'needs `logprobs: true`',
  })

function namedTool(name: string): ToolChoice {
  return { mode: 'tool', kind: 'function', name }
}
