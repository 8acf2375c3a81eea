import * as z from 'zod'
import { BedrockError, invalid } from './bedrock-error.ts'

const media = z.strictObject({
  format: z.string(),
  name: z.string().optional(),
  source: z.strictObject({ bytes: z.base64().min(1) }),
})

const cachePoint = z.strictObject({
  type: z.literal('default'),
  ttl: z.enum(['5m', '1h']).optional(),
})

const resultContent = z.strictObject({
  text: z.string().optional(),
  json: z.unknown().optional(),
  image: media.optional(),
  document: media.optional(),
})

const id = z.string().regex(/^[a-zA-Z0-9_.:-]{1,64}$/)
const name = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/)

const block = z
  .strictObject({
    text: z.string().regex(/\S/, 'The text field in the ContentBlock object is blank.').optional(),
    image: media.optional(),
    document: media.optional(),
    audio: media.optional(),
    cachePoint: cachePoint.optional(),
    reasoningContent: z
      .strictObject({
        reasoningText: z.strictObject({ text: z.string(), signature: z.string() }).optional(),
        redactedContent: z.base64().optional(),
      })
      .optional(),
    toolUse: z
      .strictObject({
        toolUseId: id,
        name,
        input: z.record(z.string(), z.unknown()),
        type: z.string().optional(),
      })
      .optional(),
    toolResult: z
      .strictObject({
        toolUseId: id,
        content: z.array(resultContent),
        status: z.enum(['success', 'error']).optional(),
        type: z.string().optional(),
      })
      .optional(),
  })
  .refine((value) => Object.keys(value).length === 1, 'A union has exactly one member.')

const tool = z.union([
  z.strictObject({
    toolSpec: z.strictObject({
      name,
      description: z.string().min(1).optional(),
      inputSchema: z.strictObject({ json: z.record(z.string(), z.unknown()) }),
      strict: z.boolean().optional(),
    }),
  }),
  z.strictObject({ cachePoint }),
])

const requestSchema = z.strictObject({
  messages: z
    .array(z.strictObject({ role: z.enum(['user', 'assistant']), content: z.array(block).min(1) }))
    .min(1),
  system: z.array(block).optional(),
  inferenceConfig: z
    .strictObject({
      maxTokens: z.int().min(1).optional(),
      temperature: z.number().min(0).max(1).optional(),
      topP: z.number().min(0).max(1).optional(),
      stopSequences: z.array(z.string().min(1)).optional(),
    })
    .optional(),
  toolConfig: z
    .strictObject({
      tools: z.array(tool).min(1),
      toolChoice: z
        .union([
          z.strictObject({ auto: z.strictObject({}) }),
          z.strictObject({ any: z.strictObject({}) }),
          z.strictObject({ tool: z.strictObject({ name }) }),
        ])
        .optional(),
    })
    .optional(),
  outputConfig: z
    .strictObject({
      textFormat: z.strictObject({
        type: z.literal('json_schema'),
        structure: z.strictObject({
          jsonSchema: z.strictObject({
            schema: z.string(),
            name: z.string().optional(),
            description: z.string().optional(),
          }),
        }),
      }),
    })
    .optional(),
  additionalModelRequestFields: z.looseObject({}).optional(),
  additionalModelResponseFieldPaths: z.array(z.string()).optional(),
  guardrailConfig: z
    .strictObject({
      guardrailIdentifier: z.string(),
      guardrailVersion: z.string(),
      trace: z.string().optional(),
    })
    .optional(),
})

export type ConverseRequest = z.infer<typeof requestSchema>
export type ConverseBlock = z.infer<typeof block>

/** Reads a body as the service does, and refuses what it refuses. */
export function parseConverse(body: unknown): ConverseRequest {
  const parsed = requestSchema.safeParse(body)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw invalid(`Malformed input request: #/${issue?.path.join('/')}: ${issue?.message}`)
  }
  const request = parsed.data
  checkTurns(request)
  checkTools(request)
  return request
}

function checkTurns({ messages }: ConverseRequest): void {
  if (messages[0]?.role !== 'user') {
    throw invalid(
      'A conversation must start with a user message. Try again with a conversation that starts with a user message.',
    )
  }
  const twice = messages.some(({ role }, index) => role === messages[index - 1]?.role)
  if (twice) throw invalid('The roles of the messages must alternate.')
}

/** Calls and results need tools, and every call its result. */
function checkTools({ messages, toolConfig }: ConverseRequest): void {
  const blocks = messages.flatMap(({ content }) => content)
  const usesTools = blocks.some(({ toolUse, toolResult }) => toolUse ?? toolResult)
  if (usesTools && !toolConfig) {
    throw invalid(
      'The toolConfig field must be defined when using toolUse and toolResult content blocks.',
    )
  }
  let open: string[] = []
  for (const { role, content } of messages) {
    const answered = content.flatMap(({ toolResult }) => toolResult?.toolUseId ?? [])
    if (role === 'user' && open.toSorted().join() !== answered.toSorted().join()) {
      throw new BedrockError(
        400,
        'ValidationException',
        `Expected toolResult blocks for the following Ids: ${open.join(', ')}`,
      )
    }
    open = role === 'user' ? [] : content.flatMap(({ toolUse }) => toolUse?.toolUseId ?? [])
  }
}
