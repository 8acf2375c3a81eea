import { traitsOf } from '../anthropic-messages/model-traits.ts'

/** What depends on the vendor behind a model, which the wire hides but for its additional fields. */
export interface ModelTraits {
  family: 'claude' | 'nova' | 'gpt-oss' | 'mistral' | 'other'
  /** How an effort is told: in words, as a number of tokens, or not at all. */
  reasoning: 'adaptive' | 'budget' | 'effort' | 'levels' | 'none'
  topK: boolean
  /** Whether temperature, top_p and top_k are taken, and the first two together. */
  sampling: boolean
  samplingTogether: boolean
  /** Whether an answer can be held to a schema; objects may have to name all of their members. */
  schemas: boolean
  closedSchemas: boolean
}

const open = { sampling: true, samplingTogether: true, schemas: true, closedSchemas: false }

/** Reads them from the model's id, with or without the region of an inference profile, or an ARN. */
export function modelTraits(model: string): ModelTraits {
  if (/anthropic\.claude/.test(model)) {
    const { sampling, samplingTogether, schemas } = traitsOf(model)
    return {
      family: 'claude',
      reasoning: claudeReasoning(model),
      topK: sampling,
      sampling,
      samplingTogether,
      schemas,
      closedSchemas: true,
    }
  }
  if (/amazon\.nova/.test(model)) {
    const reasoning = /nova-2/.test(model) ? 'levels' : 'none'
    return { ...open, family: 'nova', reasoning, topK: true }
  }
  if (/openai\.gpt-oss/.test(model)) {
    return { ...open, family: 'gpt-oss', reasoning: 'effort', topK: false }
  }
  const family = /mistral\./.test(model) ? 'mistral' : 'other'
  return { ...open, family, reasoning: 'none', topK: false }
}

/** Older ones do not think, newer ones decide themselves how much. */
function claudeReasoning(model: string): ModelTraits['reasoning'] {
  if (/claude-(v2|instant|3-[05]|3-(opus|sonnet|haiku))/.test(model)) return 'none'
  if (/claude-3-7|-(opus|sonnet|haiku)-4(-[015])?(-\d{8}|[@:]|$)/.test(model)) return 'budget'
  return 'adaptive'
}
