import {
  cacheMarks,
  inMessages,
  inParts,
  inTools,
  isData,
  laterSystem,
  member,
  passthroughMembers,
  responseFormat,
  toolChoice,
  type Find,
} from './feature-uses.ts'
import type { ChatRequest } from './request.ts'

/**
 * What a provider does with a feature of a request. `ignored` is for tuning knobs only: content and
 * what an answer must be like are never dropped, they are expressed, emulated or refused.
 */
export type Support = 'native' | 'ignored' | 'refused' | Emulated

/** The provider has no word for it, but the same is reached in another way, which the client is told. */
export interface Emulated {
  emulated: string
  /** Whether a request that uses the feature needs the other way; every one does when absent. */
  when?: (request: ChatRequest) => boolean
}

interface Feature {
  /** For people. */
  title: string
  kind: 'knob' | 'demand' | 'content'
  find: Find
}

/** Every feature of a request that some provider may lack: the one table behind checks, warnings and the page. */
export const features = {
  temperature: knob(
    'Temperature',
    member('temperature', (request) => request.temperature),
  ),
  top_p: knob(
    'Nucleus sampling',
    member('top_p', (request) => request.topP),
  ),
  max_tokens: knob(
    'Limit of generated tokens',
    member('max_tokens', (request) => request.maxTokens),
  ),
  frequency_penalty: knob(
    'Frequency penalty',
    member('frequency_penalty', (request) => request.frequencyPenalty),
  ),
  presence_penalty: knob(
    'Presence penalty',
    member('presence_penalty', (request) => request.presencePenalty),
  ),
  seed: knob(
    'Seed',
    member('seed', (request) => request.seed),
  ),
  reasoning_effort: knob(
    'Reasoning effort',
    member('reasoning_effort', (request) => request.reasoningEffort),
  ),
  top_k: knob(
    'Likeliest tokens only',
    member('top_k', (request) => request.topK),
  ),
  reasoning_budget: knob(
    'Limit of reasoning tokens',
    member('reasoning.max_tokens', (request) => request.reasoningBudgetTokens),
  ),
  reasoning_summary: knob(
    'Detail of the reasoning that is shown',
    member('reasoning.summary', (request) => request.reasoningSummary),
  ),
  end_user: knob(
    'The end user’s id',
    member('user', (request) => request.endUserId),
  ),
  cache_control: knob('Marks for the prompt cache', cacheMarks),
  tool_error: knob(
    'Mark of a failed tool',
    inMessages((message) => message.isError === true, '.is_error'),
  ),
  parallel_tool_calls: knob(
    'Switch for parallel tool calls',
    member('parallel_tool_calls', (request) => request.parallelToolCalls),
  ),
  participant_name: knob(
    'Names of participants',
    inMessages((message) => message.role !== 'tool' && message.name !== undefined, '.name'),
  ),
  reasoning_history: knob(
    'Reasoning of earlier turns',
    inMessages(({ parts }) => parts.some(({ type }) => type === 'reasoning'), '.reasoning_content'),
  ),
  image_detail: knob(
    'Detail of images',
    inParts((part) => part.type === 'image' && part.detail !== undefined, '.image_url.detail'),
  ),
  tool_strict: knob(
    'Strict tool arguments',
    inTools((tool) => tool.kind === 'function' && tool.strict === true, '.function.strict'),
  ),
  passthrough: knob('Members of another dialect', passthroughMembers),
  stop: demand(
    'Stop sequences',
    member('stop', (request) => request.stop),
  ),
  choices: demand(
    'Several choices',
    member('n', (request) => ((request.choices ?? 1) > 1 ? request.choices : undefined)),
  ),
  logprobs: demand(
    'Log probabilities',
    member('logprobs', (request) => request.logprobs || undefined),
  ),
  json_object: demand('JSON mode', responseFormat('json_object')),
  json_schema: demand('JSON schema', responseFormat('json_schema')),
  native_response_format: demand('Answer formats of one vendor', responseFormat('native')),
  suffix: demand(
    'Text after the completion',
    member('suffix', (request) => request.suffix),
  ),
  tools: demand(
    'Tools',
    inTools((tool) => tool.kind === 'function'),
  ),
  custom_tools: demand(
    'Custom tools (free text)',
    inTools((tool) => tool.kind === 'custom'),
  ),
  native_tools: demand(
    'Tools that one vendor runs',
    inTools((tool) => tool.kind === 'native'),
  ),
  tool_choice_none: demand('Tool choice: none', toolChoice('none')),
  tool_choice_required: demand('Tool choice: required', toolChoice('required')),
  tool_choice_named: demand('Tool choice: one tool', toolChoice('tool')),
  tool_choice_native: demand('Tool choice in a form of one vendor', toolChoice('native')),
  later_system: content('System messages after the first', laterSystem),
  developer: content(
    'Developer messages',
    inMessages((message) => message.role === 'developer'),
  ),
  tool_history: content(
    'Tool calls and results in the conversation',
    inMessages((message) => message.role === 'tool' || (message.toolCalls?.length ?? 0) > 0),
  ),
  parallel_tool_history: content(
    'Several tool calls in one turn of the conversation',
    inMessages((message) => (message.toolCalls?.length ?? 0) > 1, '.tool_calls'),
  ),
  image_url: content(
    'Images by URL',
    inParts((part) => part.type === 'image' && 'url' in part && !isData(part.url)),
  ),
  image_data: content(
    'Images as data',
    inParts((part) => part.type === 'image' && 'url' in part && isData(part.url)),
  ),
  image_id: content(
    'Images by the provider’s id',
    inParts((part) => part.type === 'image' && 'fileId' in part),
  ),
  audio: content(
    'Sound',
    inParts((part) => part.type === 'audio'),
  ),
  file_url: content(
    'Files by URL',
    inParts((part) => part.type === 'file' && 'url' in part && !isData(part.url)),
  ),
  file_data: content(
    'Files as data',
    inParts((part) => part.type === 'file' && 'url' in part && isData(part.url)),
  ),
  file_id: content(
    'Files by the provider’s id',
    inParts((part) => part.type === 'file' && 'fileId' in part),
  ),
  native_part: content(
    'Content of one vendor',
    inParts((part) => part.type === 'native'),
  ),
  refusal_history: content(
    'Refusals of earlier turns',
    inParts((part) => part.type === 'refusal'),
  ),
} satisfies Record<string, Feature>

export type FeatureName = keyof typeof features

type KnobName = {
  [Name in FeatureName]: (typeof features)[Name] extends { kind: 'knob' } ? Name : never
}[FeatureName]

/** A provider's word on every feature; only knobs may be ignored. */
export type FeatureSupport = {
  readonly [Name in FeatureName]: Name extends KnobName ? Support : Exclude<Support, 'ignored'>
}

export const featureNames = Object.keys(features).filter(isFeatureName)

/** The keys of the table, which `Object.keys` calls strings. */
function isFeatureName(name: string): name is FeatureName {
  return name in features
}

function knob(title: string, find: Find) {
  return { title, kind: 'knob' as const, find }
}

function demand(title: string, find: Find) {
  return { title, kind: 'demand' as const, find }
}

function content(title: string, find: Find) {
  return { title, kind: 'content' as const, find }
}

/** A table in which everything is native but what is named: the start of a provider's own. */
export function nativeBut(others: Partial<FeatureSupport>): FeatureSupport {
  return { ...allNative, ...others }
}

/** No chat model takes it as such: the gateway tells it in a system message. */
const suffixEmulated: Emulated = { emulated: 'a system message tells what follows the text' }

const allNative: FeatureSupport = { ...everyFeature('native'), suffix: suffixEmulated }

/** A table in which knobs are ignored and everything else is refused, but what is named. */
export function nothingBut(others: Partial<FeatureSupport>): FeatureSupport {
  const knobs = featureNames.filter((name) => features[name].kind === 'knob')
  const ignored = Object.fromEntries(knobs.map((name) => [name, 'ignored']))
  return { ...everyFeature('refused'), suffix: suffixEmulated, ...ignored, ...others }
}

/** A table with one word everywhere; the type says that each name is there, `fromEntries` does not. */
function everyFeature(word: 'native' | 'refused'): FeatureSupport {
  return Object.fromEntries(featureNames.map((name) => [name, word])) as FeatureSupport
}
