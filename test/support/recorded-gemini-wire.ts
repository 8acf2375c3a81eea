/** One candidate, as a plain reading of the wire has it. */
export interface WireChoice {
  text: string
  thoughts: string
  calls: { name: string; args: unknown; signature: string | undefined }[]
  /** Texts and thoughts that have a signature, each as it came. */
  signedWords: { text: string; signature: string }[]
  natives: object[]
  tokens: { token: string; alternatives: number }[] | undefined
  finish: string | undefined
  /** Members beside the content, the last of each. */
  beside: Record<string, unknown>
}

interface WireAnswer {
  id: string | undefined
  model: string | undefined
  usage: Record<string, number>
  choices: WireChoice[]
}

interface WirePart {
  text?: string
  thought?: boolean
  thoughtSignature?: string
  functionCall?: {
    name?: string
    args?: object
    partialArgs?: PartialArg[]
    willContinue?: boolean
  }
}

interface PartialArg {
  jsonPath: string
  stringValue?: string
  numberValue?: number
  boolValue?: boolean
}

interface WireCandidate {
  content?: { parts?: WirePart[]; role?: string }
  finishReason?: string
  index?: number
  logprobsResult?: {
    chosenCandidates: { token: string }[]
    topCandidates: { candidates: object[] }[]
  }
}

interface WireChunk {
  responseId?: string
  modelVersion?: string
  candidates?: WireCandidate[]
  usageMetadata?: Record<string, number>
}

/** A reading of an answer's chunks that shares no code with the dialect; every recorded answer has one candidate. */
export function readGemini(texts: readonly string[]): WireAnswer {
  const chunks = texts.map((text): WireChunk => JSON.parse(text))
  const candidates = chunks.flatMap(({ candidates: some = [] }) => some)
  return {
    id: chunks[0]?.responseId,
    model: chunks[0]?.modelVersion,
    usage: Object(chunks.findLast(({ usageMetadata: usage }) => usage?.['totalTokenCount']))
      .usageMetadata,
    choices: [readChoice(candidates)],
  }
}

function readChoice(candidates: readonly WireCandidate[]): WireChoice {
  const parts = candidates.flatMap(({ content }) => content?.parts ?? [])
  const words = parts.filter(({ text }) => text !== undefined)
  const scored = candidates.flatMap(({ logprobsResult: result }) => result ?? [])
  return {
    text: words.map(({ text, thought }) => (thought ? '' : text)).join(''),
    thoughts: words.map(({ text, thought }) => (thought ? text : '')).join(''),
    calls: readCalls(parts),
    signedWords: words.flatMap(({ text = '', thoughtSignature: signature }) =>
      signature ? [{ text, signature }] : [],
    ),
    natives: parts.filter((part) => !('text' in part) && !('functionCall' in part)),
    tokens: scored[0]?.chosenCandidates.map(({ token }, at) => ({
      token,
      alternatives: scored[0]?.topCandidates[at]?.candidates.length ?? 0,
    })),
    finish: candidates.findLast(({ finishReason }) => finishReason)?.finishReason,
    beside: besideOf(candidates),
  }
}

function readCalls(parts: readonly WirePart[]): WireChoice['calls'] {
  const calls: WireChoice['calls'] = []
  for (const { functionCall: call, thoughtSignature: signature } of parts) {
    if (call?.name) calls.push({ name: call.name, args: call.args ?? {}, signature })
    for (const piece of call?.partialArgs ?? []) put(Object(calls.at(-1)?.args), piece)
  }
  return calls
}

/** `$.a.b[0].c`: the recorded paths have no other steps. */
function put(args: Record<string, unknown>, piece: PartialArg): void {
  const steps = piece.jsonPath.slice(2).replaceAll('[', '.').replaceAll(']', '').split('.')
  const last = steps.pop() ?? ''
  let place = args
  for (const [at, step] of steps.entries()) {
    place = Object((place[step] ??= /^\d+$/.test(steps[at + 1] ?? last) ? [] : {}))
  }
  const { stringValue: text } = piece
  const before = place[last]
  const { numberValue, boolValue } = piece
  place[last] =
    text === undefined
      ? (numberValue ?? boolValue)
      : (typeof before === 'string' ? before : '') + text
}

const content = new Set(['content', 'finishReason', 'index', 'logprobsResult'])

function besideOf(candidates: readonly WireCandidate[]): Record<string, unknown> {
  const members = candidates.flatMap((candidate) => Object.entries(candidate))
  return Object.fromEntries(members.filter(([name]) => !content.has(name)))
}
