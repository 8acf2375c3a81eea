import { invalid, missingSignature } from './gemini-error.ts'
import type { GeminiModel } from './gemini-models.ts'
import type { GeminiContent, GeminiRequest } from './gemini-request.ts'

/** What the service documents for calls that it has not made itself. */
const unsigned = 'skip_thought_signature_validator'

/** The rules between members, and those that differ between models. */
export function checkGeminiRequest(
  request: GeminiRequest,
  { model, issued }: { model: GeminiModel; issued: ReadonlySet<string> },
): void {
  const { contents } = request
  if (contents.length === 0) {
    throw invalid('* GenerateContentRequest.contents: contents is not specified\n')
  }
  for (const { parts } of contents) checkParts(parts)
  checkCalls(contents)
  if (model.generation >= 3) checkSignatures(contents, issued)
  checkThinking(request, model)
  checkFormat(request, model)
}

const kinds = ['inlineData', 'fileData', 'functionCall', 'functionResponse'] as const

function checkParts(parts: GeminiContent['parts']): void {
  for (const part of parts) {
    const filled = kinds.filter((kind) => part[kind] !== undefined)
    const others = [part.text, part.executableCode, part.codeExecutionResult]
    const count = filled.length + others.filter((each) => each !== undefined).length
    if (count !== 1) throw invalid('contents.parts must have one initialized field')
  }
}

/** As many answers as calls, in the turn right after them. */
function checkCalls(contents: readonly GeminiContent[]): void {
  for (const [index, { parts }] of contents.entries()) {
    const answers = parts.filter((part) => part.functionResponse)
    if (answers.length === 0) continue
    const calls = (contents[index - 1]?.parts ?? []).filter((part) => part.functionCall)
    const names = (list: typeof parts): string =>
      list.map((part) => (part.functionCall ?? part.functionResponse)?.name).join()
    if (calls.length !== answers.length || names(calls) !== names(answers)) {
      throw invalid(
        'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.',
      )
    }
  }
}

/** The first call of every step since the user last spoke. */
function checkSignatures(contents: readonly GeminiContent[], issued: ReadonlySet<string>): void {
  const last = contents.findLastIndex(
    ({ role, parts }) => role === 'user' && parts.some((part) => !part.functionResponse),
  )
  for (const [index, { parts }] of contents.entries()) {
    for (const { thoughtSignature: signature } of parts) {
      if (signature === undefined || signature === unsigned || issued.has(signature)) continue
      throw invalid('Thought signature is not valid.')
    }
    const first = parts.find((part) => part.functionCall)
    if (index > last && first && first.thoughtSignature === undefined) throw missingSignature()
  }
}

function checkThinking({ generationConfig: config }: GeminiRequest, model: GeminiModel): void {
  const thinking = config?.thinkingConfig
  if (!thinking) return
  const { thinkingBudget: budget, thinkingLevel: level } = thinking
  if (!model.thinking) throw invalid('Thinking is not enabled for this model.')
  if (budget !== undefined && level !== undefined) {
    throw invalid('You can only set one of thinking budget and thinking level.')
  }
  if (level !== undefined && model.generation < 3) {
    throw invalid('Thinking level is not supported for this model.')
  }
  if (model.id.includes('-pro') && (budget === 0 || level === 'MINIMAL')) {
    throw invalid('Budget 0 is invalid. This model only works in thinking mode.')
  }
}

function checkFormat({ generationConfig: config, tools }: GeminiRequest, model: GeminiModel): void {
  const json = config?.responseMimeType === 'application/json'
  if (config?.responseJsonSchema !== undefined && !json) {
    throw invalid('response_json_schema needs response_mime_type application/json')
  }
  if (json && tools && model.generation < 3) {
    throw invalid("Function calling with a response mime type: 'application/json' is unsupported")
  }
  if (config?.logprobs !== undefined && !config.responseLogprobs) {
    throw invalid('Logprobs can only be set if response_logprobs is true.')
  }
}
