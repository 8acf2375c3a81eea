/** What a generation of models takes and what it refuses with a 400. */
export interface ModelTraits {
  /** Thinking with a budget, where the model itself decides, both, or none. */
  thinking: 'none' | 'budget' | 'both' | 'adaptive'
  /** The words of `output_config.effort`; none where the member is refused. */
  efforts: readonly string[]
  /** Whether temperature, top_p and top_k are taken. */
  sampling: boolean
  /** Whether temperature and top_p may stand together. */
  samplingTogether: boolean
  /** Whether the conversation may end with the beginning of the answer. */
  prefill: boolean
  /** Whether `output_config.format` and strict tools are taken. */
  schemas: boolean
  /** Whether a system message may stand amid the conversation. */
  systemTurns: boolean
}

/** The traits of a model by its name, dated or not; an unknown name is taken for one of the newest. */
export function traitsOf(model: string): ModelTraits {
  const { family, version } = generationOf(model)
  return {
    thinking: thinkingOf(version),
    efforts: effortsOf(family, version),
    sampling: version < 4.7,
    samplingTogether: version < 4.1,
    prefill: version < 4.6 || (version === 4.6 && family !== 'opus'),
    schemas: version >= 4.5,
    systemTurns: version >= 4.8,
  }
}

/** `claude-opus-4-5-20251101`, `claude-3-7-sonnet-20250219`, `claude-4-opus-20250514`, with any prefix. */
function generationOf(model: string): { family: string; version: number } {
  const named = /claude-([a-z]+)-(\d+)(?:-(\d{1,2}))?(?!\d)/.exec(model)
  if (named) return { family: named[1] ?? '', version: versionOf(named[2], named[3]) }
  const numbered = /claude-(\d+)(?:[-.](\d{1,2}))?(?:-([a-z]+))?/.exec(model)
  if (numbered) return { family: numbered[3] ?? '', version: versionOf(numbered[1], numbered[2]) }
  // `claude-v2`, `claude-instant-v1`
  const first = /claude-(?:instant-)?v(\d)/.exec(model)
  if (first) return { family: '', version: versionOf(first[1]) }
  return { family: '', version: Infinity }
}

function versionOf(major = '0', minor = '0'): number {
  return Number(`${major}.${minor}`)
}

function thinkingOf(version: number): ModelTraits['thinking'] {
  if (version < 3.7) return 'none'
  if (version < 4.6) return 'budget'
  return version < 4.7 ? 'both' : 'adaptive'
}

function effortsOf(family: string, version: number): readonly string[] {
  if (version >= 4.7) return ['low', 'medium', 'high', 'xhigh', 'max']
  if (version >= 4.6) return ['low', 'medium', 'high', 'max']
  return version >= 4.5 && family === 'opus' ? ['low', 'medium', 'high'] : []
}
