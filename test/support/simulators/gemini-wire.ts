import { callPart, type Candidate, type GeminiAnswer, type SaidPart } from './gemini-answer.ts'
import type { InvoiceEntry, Piece, Voice } from './provider.ts'
import { tokenize } from './tokens.ts'

/** Whole answers are pretty-printed. */
export function encodeJson(body: unknown): string {
  return `${JSON.stringify(body, null, 2)}\n`
}

/** A space after each colon and none after a comma; the lines end as in HTTP. */
export function encodeFrame(frame: object): string {
  return `data: ${halfPretty(frame)}\r\n\r\n`
}

function halfPretty(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(halfPretty).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}: ${halfPretty(member)}`).join(',')}}`
}

export function answerBody(answer: GeminiAnswer): object {
  const { visible } = answer.completion.tokens
  if (answer.blockReason !== undefined) return blockBody(answer)
  const candidates = answer.candidates.map((candidate) =>
    candidateBody(answer, { ...candidate, parts: joined(candidate.parts) }),
  )
  return { candidates, ...tail(answer, { visible, last: true }) }
}

/** Consecutive texts are one part of a whole answer. */
function joined(parts: readonly SaidPart[]): SaidPart[] {
  const whole: SaidPart[] = []
  for (const { part, tokens } of parts) {
    const before = whole.at(-1)
    if (before && isPlainText(before.part) && isPlainText(part)) {
      before.part = { text: before.part.text + part.text }
      before.tokens = [...before.tokens, ...tokens]
    } else whole.push({ part, tokens })
  }
  return whole
}

function isPlainText(part: object): part is { text: string } {
  return 'text' in part && Object.keys(part).length === 1
}

/** Every chunk has new parts alone and the usage so far; the last of a candidate says why it ended. */
export function answerPieces(answer: GeminiAnswer): Piece[] {
  if (answer.blockReason !== undefined) return [{ raw: encodeFrame(blockBody(answer)), tokens: 0 }]
  const pieces: Piece[] = []
  let visible = 0
  for (const candidate of answer.candidates) {
    for (const group of groups(candidate.parts)) {
      const tokens = group.flatMap((said) => said.tokens)
      visible += tokens.length
      const body = candidateBody(answer, { index: candidate.index, parts: group })
      const raw = encodeFrame({ candidates: [body], ...tail(answer, { visible, last: false }) })
      pieces.push({ raw, tokens: tokens.length })
    }
  }
  const ends = answer.candidates.map((candidate) =>
    candidateBody(answer, { ...candidate, parts: lastPart(candidate) }),
  )
  const end = { candidates: ends, ...tail(answer, { visible, last: true }) }
  return [...pieces, { raw: encodeFrame(end), tokens: 0 }]
}

/** Calls that are made at once come in one chunk. */
function groups(parts: readonly SaidPart[]): SaidPart[][] {
  const calls = parts.filter(({ part }) => 'functionCall' in part)
  const others = parts.filter(({ part }) => !('functionCall' in part) && !isEnding(part))
  return [...others.map((part) => [part]), ...(calls.length > 0 ? [calls] : [])]
}

function isEnding(part: object): boolean {
  return 'text' in part && part.text === ''
}

function lastPart({ parts }: Candidate): SaidPart[] {
  const ending = parts.find(({ part }) => isEnding(part))
  return parts.length === 0 ? [] : [ending ?? { part: { text: '' }, tokens: [] }]
}

/** The same stream, spoken by a test. */
export function answerVoice(answer: GeminiAnswer, entry: InvoiceEntry): Voice {
  const { model } = answer
  let visible = 0
  const chunk = (candidate: Pick<Candidate, 'index' | 'parts'> & Partial<Candidate>): Piece[] => {
    const tokens = candidate.parts.reduce((sum, said) => sum + said.tokens.length, 0)
    visible += tokens
    const body = candidateBody(answer, candidate)
    const last = candidate.finish !== undefined
    return [
      { raw: encodeFrame({ candidates: [body], ...tail(answer, { visible, last }) }), tokens },
    ]
  }
  return {
    entry,
    wantsUsage: false,
    open: () => [],
    text: (text, index) => chunk({ index, parts: [{ part: { text }, tokens: tokenize(text) }] }),
    toolCall: ({ name, arguments: args, id }) => {
      const signature = model.generation >= 3 ? answer.issue() : undefined
      return chunk({ index: 0, parts: [callPart({ name, args, id }, { model, signature })] })
    },
    finish: (reason, index) => chunk({ index, parts: [], finish: finishes[reason] ?? reason }),
    usage: () => [],
  }
}

const finishes: Record<string, string> = {
  stop: 'STOP',
  length: 'MAX_TOKENS',
  content_filter: 'SAFETY',
  tool_calls: 'STOP',
}

function candidateBody(
  { completion }: GeminiAnswer,
  { index, parts, finish, beside }: Pick<Candidate, 'index' | 'parts'> & Partial<Candidate>,
): object {
  const tokens = parts.flatMap((said) => said.tokens)
  const { topLogprobs } = completion
  return {
    content: parts.length > 0 ? { parts: parts.map(({ part }) => part), role: 'model' } : {},
    ...(finish !== undefined && { finishReason: finish }),
    ...(index > 0 && { index }),
    ...beside,
    ...(topLogprobs !== undefined && tokens.length > 0 && logprobs(tokens, topLogprobs)),
  }
}

function logprobs(tokens: readonly string[], top: number): object {
  const scored = (token: string, at: number): object => ({
    token,
    tokenId: 7,
    logProbability: -0.25 * (at + 1),
  })
  return {
    logprobsResult: {
      chosenCandidates: tokens.map((token) => scored(token, 0)),
      topCandidates: tokens.map((token) => ({
        candidates: Array.from({ length: top }, (_, at) =>
          scored(at === 0 ? token : `${token}${at}`, at),
        ),
      })),
    },
  }
}

function blockBody(answer: GeminiAnswer): object {
  const promptFeedback = { blockReason: answer.blockReason }
  return { promptFeedback, ...tail(answer, { visible: 0, last: true }) }
}

/** Before the end the service reports another number of prompt tokens; what is zero is left out. */
function tail(
  { completion, model, toolPromptTokens, blockReason }: GeminiAnswer,
  { visible, last }: { visible: number; last: boolean },
): object {
  const { prompt, cached, reasoning } = completion.tokens
  const told = last ? prompt : prompt + 1
  const thoughts = blockReason === undefined ? reasoning : 0
  const tools = last ? toolPromptTokens : 0
  return {
    usageMetadata: {
      promptTokenCount: told,
      ...(visible > 0 && { candidatesTokenCount: visible }),
      totalTokenCount: told + visible + thoughts + tools,
      ...(cached > 0 && { cachedContentTokenCount: cached }),
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: told }],
      ...(tools > 0 && { toolUsePromptTokenCount: tools }),
      ...(thoughts > 0 && { thoughtsTokenCount: thoughts }),
    },
    modelVersion: model.id,
    responseId: completion.id.slice(-22),
  }
}
