import * as z from 'zod'
import { invalid } from './gemini-error.ts'

const blob = z.strictObject({ mimeType: z.string().min(1), data: z.base64() })
const fileData = z.strictObject({
  mimeType: z.string().optional(),
  fileUri: z.string().regex(/^(https|gs):\/\//),
})

const part = z.strictObject({
  text: z.string().optional(),
  thought: z.boolean().optional(),
  thoughtSignature: z.string().optional(),
  inlineData: blob.optional(),
  fileData: fileData.optional(),
  functionCall: z
    .strictObject({
      id: z.string().optional(),
      name: z.string().min(1),
      args: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
  functionResponse: z
    .strictObject({
      id: z.string().optional(),
      name: z.string().min(1),
      response: z.record(z.string(), z.unknown()),
      parts: z
        .array(z.strictObject({ inlineData: blob.optional(), fileData: fileData.optional() }))
        .optional(),
    })
    .optional(),
  executableCode: z.record(z.string(), z.unknown()).optional(),
  codeExecutionResult: z.record(z.string(), z.unknown()).optional(),
})

const content = z.strictObject({ role: z.enum(['user', 'model']), parts: z.array(part).min(1) })

const functionDeclaration = z.strictObject({
  name: z.string().regex(/^[A-Za-z_][\w.:-]{0,127}$/),
  description: z.string().optional(),
  parametersJsonSchema: z.unknown().optional(),
})

const empty = z.record(z.string(), z.unknown()).optional()

const tool = z.strictObject({
  functionDeclarations: z.array(functionDeclaration).optional(),
  googleSearch: empty,
  codeExecution: empty,
  urlContext: empty,
  googleMaps: empty,
})

const generationConfig = z.strictObject({
  temperature: z.number().min(0).max(2).optional(),
  topP: z.number().min(0).max(1).optional(),
  topK: z.int().min(1).optional(),
  candidateCount: z.int().min(1).max(8).optional(),
  maxOutputTokens: z.int().min(1).optional(),
  stopSequences: z.array(z.string()).max(5).optional(),
  seed: z.int().optional(),
  presencePenalty: z.number().min(-2).max(2).optional(),
  frequencyPenalty: z.number().min(-2).max(2).optional(),
  responseMimeType: z.enum(['text/plain', 'application/json']).optional(),
  responseJsonSchema: z.unknown().optional(),
  responseLogprobs: z.boolean().optional(),
  logprobs: z.int().min(0).max(20).optional(),
  thinkingConfig: z
    .strictObject({
      includeThoughts: z.boolean().optional(),
      thinkingBudget: z.int().min(-1).optional(),
      thinkingLevel: z.enum(['MINIMAL', 'LOW', 'MEDIUM', 'HIGH']).optional(),
    })
    .optional(),
  mediaResolution: z
    .string()
    .regex(/^MEDIA_RESOLUTION_/)
    .optional(),
})

const geminiRequest = z.strictObject({
  systemInstruction: z.strictObject({ parts: z.array(part) }).optional(),
  contents: z.array(content),
  tools: z.array(tool).optional(),
  toolConfig: z
    .strictObject({
      functionCallingConfig: z
        .strictObject({
          mode: z.enum(['AUTO', 'ANY', 'NONE', 'VALIDATED']),
          allowedFunctionNames: z.array(z.string()).optional(),
        })
        .optional(),
      includeServerSideToolInvocations: z.boolean().optional(),
    })
    .optional(),
  safetySettings: z
    .array(z.strictObject({ category: z.string(), threshold: z.string() }))
    .optional(),
  generationConfig: generationConfig.optional(),
})

export type GeminiRequest = z.infer<typeof geminiRequest>
export type GeminiContent = GeminiRequest['contents'][number]
export type GeminiPart = z.infer<typeof part>

/** Reads a body as the service does: it knows every member or refuses. */
export function parseGeminiRequest(body: unknown): GeminiRequest {
  const parsed = geminiRequest.safeParse(body)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const place = issue?.path.join('.') ?? ''
  throw issue?.code === 'unrecognized_keys'
    ? invalid(
        `Invalid JSON payload received. Unknown name "${issue.keys[0]}" at '${place}': Cannot find field.`,
      )
    : invalid(`Invalid value at '${place}': ${issue?.message ?? 'unknown'}`)
}
