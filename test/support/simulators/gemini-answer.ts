import { alphanumeric } from './identifiers.ts'
import type { GeminiModel } from './gemini-models.ts'
import type { GeminiRequest } from './gemini-request.ts'
import type { AnsweredChoice, Completion } from './openai-answer.ts'
import { tokenize } from './tokens.ts'

/** A part of an answer, and the tokens that were generated for it. */
export interface SaidPart {
  part: object
  tokens: string[]
}

/** One candidate before it is put on the wire. */
export interface Candidate {
  index: number
  parts: SaidPart[]
  finish: string
  /** Members that stand beside the content in the last chunk. */
  beside: object
}

export interface GeminiAnswer {
  completion: Completion
  model: GeminiModel
  candidates: Candidate[]
  /** Where the filter did not let the prompt through there are no candidates. */
  blockReason: string | undefined
  /** What the service's own tools put into the prompt. */
  toolPromptTokens: number
  issue: () => string
}

/** The model repeats what it was told; "block this", "filter this", "malformed call", "search" and "run code" steer it. */
export function geminiAnswer(
  request: GeminiRequest,
  completion: Completion,
  { model, issue }: { model: GeminiModel; issue: () => string },
): GeminiAnswer {
  const asked = JSON.stringify(request.contents.at(-1)?.parts ?? [])
  const searches =
    /\bsearch\b/i.test(asked) && (request.tools ?? []).some((tool) => tool.googleSearch)
  const runs =
    /\brun code\b/i.test(asked) && (request.tools ?? []).some((tool) => tool.codeExecution)
  const thoughts = request.generationConfig?.thinkingConfig?.includeThoughts && model.thinking
  const candidates = completion.choices.map((choice): Candidate => {
    if (/filter this/i.test(asked)) return cut(choice, 'SAFETY')
    if (/malformed call/i.test(asked)) return cut(choice, 'MALFORMED_FUNCTION_CALL')
    const shown = thoughts ? [{ part: { text: 'Let me think.', thought: true }, tokens: [] }] : []
    const code = runs ? codeParts(model, issue) : []
    return {
      index: choice.index,
      parts: [...shown, ...code, ...partsOf(choice, { model, issue })],
      finish: choice.finish === 'length' ? 'MAX_TOKENS' : 'STOP',
      beside: searches ? grounding(choice.tokens) : {},
    }
  })
  if (candidates.every(({ parts }) => parts.length === 0)) completion.tokens.visible = 0
  return {
    completion,
    model,
    candidates,
    blockReason: /block this/i.test(asked) ? 'PROHIBITED_CONTENT' : undefined,
    toolPromptTokens: searches || runs ? 25 : 0,
    issue,
  }
}

/** The content of such a candidate is an empty object. */
function cut({ index }: AnsweredChoice, finish: string): Candidate {
  return {
    index,
    parts: [],
    finish,
    beside: { safetyRatings: [{ category: 'HARM_CATEGORY_HATE_SPEECH', probability: 'HIGH' }] },
  }
}

const tokensPerPart = 3

function partsOf(
  choice: AnsweredChoice,
  { model, issue }: Pick<GeminiAnswer, 'model' | 'issue'>,
): SaidPart[] {
  const third = model.generation >= 3
  if (choice.kind === 'calls') {
    return choice.calls.map(({ name, fragments }, index) =>
      callPart(
        { name, args: fragments.join('') },
        { model, signature: third && index === 0 ? issue() : undefined },
      ),
    )
  }
  const parts: SaidPart[] = []
  for (let at = 0; at < choice.tokens.length; at += tokensPerPart) {
    const tokens = choice.tokens.slice(at, at + tokensPerPart)
    parts.push({ part: { text: tokens.join('') }, tokens })
  }
  if (third && parts.length > 0)
    parts.push({ part: { text: '', thoughtSignature: issue() }, tokens: [] })
  return parts
}

/** A call comes whole; one without arguments has no member for them, and only newer models give it an id. */
export function callPart(
  { name, args, id }: { name: string; args: string; id?: string | undefined },
  { model, signature }: { model: GeminiModel; signature: string | undefined },
): SaidPart {
  const given: unknown = JSON.parse(args === '' ? '{}' : args)
  const own = id ?? (model.generation >= 3 ? alphanumeric(8).toLowerCase() : undefined)
  return {
    part: {
      functionCall: {
        name,
        ...(Object.keys(Object(given)).length > 0 && { args: given }),
        ...(own !== undefined && { id: own }),
      },
      ...(signature !== undefined && { thoughtSignature: signature }),
    },
    tokens: [name, ...tokenize(args)],
  }
}

function codeParts(model: GeminiModel, issue: () => string): SaidPart[] {
  const code = { language: 'PYTHON', code: 'print(6 * 7)', id: 'c0de0001' }
  const signature = model.generation >= 3 ? { thoughtSignature: issue() } : {}
  return [
    { part: { executableCode: code, ...signature }, tokens: [] },
    {
      part: { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '42\n', id: 'c0de0001' } },
      tokens: [],
    },
  ]
}

/** The places are counted in bytes. */
function grounding(tokens: readonly string[]): object {
  const said = tokens.join('')
  return {
    groundingMetadata: {
      webSearchQueries: ['anything'],
      groundingChunks: [{ web: { uri: 'https://example.com/source', title: 'example.com' } }],
      groundingSupports: [
        {
          segment: { endIndex: Buffer.byteLength(said), text: said },
          groundingChunkIndices: [0],
        },
      ],
    },
  }
}
