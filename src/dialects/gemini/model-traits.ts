/** Where the generations of models differ on the wire. */
export interface ModelTraits {
  /** How thinking is asked for; undefined for models that do not think. */
  thinking: 'level' | 'budget' | undefined
  /** Whether calls that go back need a signature. */
  needsSignatures: boolean
  /** Whether functions may stand beside JSON mode and the service's own tools. */
  mixesTools: boolean
  /** Whether the result of a function may hold files. */
  filesInResults: boolean
  /** Whether the service reads files at public URLs. */
  readsUrls: boolean
  /** Whether thinking can be switched off. */
  thinksAlways: boolean
}

/** What the name of a model tells; an alias such as `gemini-flash-latest` may be of any generation from 2.5. */
export function modelTraits(model: string): ModelTraits {
  const generation = generationOf(model)
  const third = generation >= 3
  return {
    thinking: thinkingOf(model, generation),
    needsSignatures: third || isAlias(model),
    mixesTools: third,
    filesInResults: third,
    readsUrls: generation >= 2.5,
    thinksAlways: /-pro\b/.test(model),
  }
}

function thinkingOf(model: string, generation: number): ModelTraits['thinking'] {
  if (generation < 2.5 || /-tts\b|2\.5-flash-image/.test(model)) return undefined
  return generation >= 3 ? 'level' : 'budget'
}

/** Zero for models of other families, which know less. */
function generationOf(model: string): number {
  const [, number] = /(?:^|\/)gemini-(\d+(?:\.\d+)?)/.exec(model) ?? []
  if (number !== undefined) return Number(number)
  return isAlias(model) ? 2.5 : 0
}

function isAlias(model: string): boolean {
  return /(?:^|\/)gemini-[a-z-]+-latest$/.test(model)
}
