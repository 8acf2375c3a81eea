import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { hasRecordings, requireServices } from '../support/recorded.ts'
import { inventory, type RecordedFile, recordedFiles } from '../support/recorded-files.ts'

/** What reads an interaction, or why nothing does. */
type Fate = { suite: string } | { excluded: string }

/** Matches `file` where it holds bare payloads, and else `POST /path`; the first rule that does decides. */
type Rule = readonly [pattern: RegExp, fate: Fate]

const suite = (name: string): Fate => ({ suite: name })
const excluded = (reason: string): Fate => ({ excluded: reason })

const everywhere: readonly Rule[] = [
  [/(^|\/)SOURCE\.txt$/, excluded('where recordings come from')],
  [/^spec\//, excluded('a specification')],
]

const uploads = excluded('uploads')
const openai: readonly Rule[] = [
  [/\/chat\/completions$|vercel-ai\/chat\//, suite('openai-chat')],
  [/ \S*\/responses(\/\S+)?$|vercel-ai\/responses\//, suite('openai-responses')],
  [/ \/v1\/completions$|vercel-ai\/completion\//, suite('openai-completions')],
  [/ \/v1\/embeddings$|vercel-ai\/embedding\//, suite('embeddings')],
  [/ \/v1\/files(\/|$)/, uploads],
  [/\/models(\/|$)/, excluded('lists of models')],
]

const gemini: readonly Rule[] = [
  [/:(generateContent|streamGenerateContent|batchEmbedContents)$/, suite('gemini')],
  [/^GET \/v1beta\/models$/, suite('gemini')],
  [/:embedContent$/, excluded('an embedding of one text: several are asked for in its place')],
  [/:countTokens$/, excluded('counts without an answer')],
  [/:batchGenerateContent$/, excluded('batches')],
  [/ \/v1beta\/files(\/|$)/, uploads],
  [/ \/v1beta\/cachedContents(\/|$)/, excluded('caches that are made by hand')],
  [/ \/v1beta\/openai\//, excluded('the OpenAI-compatible API of the service')],
  [/^vercel-ai\/interactions\//, excluded('another API of the service')],
  [/^vercel-ai\/.*embedding/, excluded('an embedding of Vertex AI')],
  [/^vercel-ai\/google-/, suite('gemini')],
]

const anthropic: readonly Rule[] = [
  [/ \/v1\/(messages(\/count_tokens)?|models)$/, suite('anthropic')],
  [/ \/v1\/complete$/, excluded('the API of before the messages')],
  [/ \/v1\/files(\/|$)/, uploads],
  [/^vercel-ai\//, suite('anthropic')],
]

const gigachat: readonly Rule[] = [
  [/ \/api\/v1\/(chat\/completions|models(\/\S+)?)$/, suite('gigachat')],
  [/ \/api\/v1\/embeddings$/, suite('embeddings')],
  [/ \/api\/v2\/chat\/completions$/, suite('gigachat-v2')],
  [/ \/api\/v1\/tokens\/count$|\/tokens_count/, excluded('counts without an answer')],
  [/oauth/, excluded('tokens of access')],
  [/^gpt2giga/, excluded('another proxy’s output')],
  [/^sdk-data\/(assistants|threads)\//, excluded('assistants and threads')],
  [/^sdk-data\/(chat_completion|models?\.)/, suite('gigachat')],
  [/^sdk-data\/chat(_function)?\.json$/, excluded('a request alone')],
  [/^sdk-data\/(ai_check|balance|get_file|convert_functions)/, excluded('other endpoints')],
]

const yandex: readonly Rule[] = [
  [/^CompletionRequest -> stream$| \/v1\/(chat\/completions|models)$/, suite('yandex')],
  [/^TextEmbeddingRequest | \/v1\/embeddings$/, suite('embeddings')],
  [/ -> Operation$/, excluded('answers that are fetched later')],
  [/ -> TokenizeResponse$/, excluded('counts without an answer')],
]

const ollama: readonly Rule[] = [
  [/^docs-samples\/chat-(un)?load/, excluded('what is in memory')],
  [/ \/api\/chat$|^docs-samples\/(chat-|tags)/, suite('ollama')],
  [/^docs-samples\/(ps|show|version)/, excluded('other endpoints')],
  [/^docs-samples\/embed/, suite('embeddings')],
  [/ \/api\/embeddings$/, excluded('the deprecated endpoint for one text')],
  [/ \/api\/generate$/, excluded('completions without a conversation')],
  [/ \/v1\/chat\/completions$/, excluded('the OpenAI-compatible API of the service')],
]

const bedrock: readonly Rule[] = [
  [/\/model\/[^/]+\/converse(-stream)?$|\/foundation-models$/, suite('bedrock')],
  [/^vercel-ai\/reranking\//, excluded('ranking')],
  [/^vercel-ai\//, suite('bedrock')],
  [/\/count-tokens$/, excluded('counts without an answer')],
  [/\/invoke(-with-response-stream)?$/, excluded('each vendor’s own format: Converse has one')],
  [/\/(responses|chat\/completions)$/, excluded('the OpenAI-compatible API of the service')],
]

const rules: Record<string, readonly Rule[]> = {
  openai,
  'openai-compatible': openai,
  'open-responses': openai,
  azure: [
    [/^vercel-ai\/azure-deepseek-/, suite('openai-chat')],
    [/^vercel-ai\/azure-/, suite('openai-responses')],
    ...openai,
  ],
  xai: [[/^vercel-ai\/xai-/, suite('openai-chat')], ...openai],
  anthropic,
  gemini,
  gigachat,
  yandex,
  ollama,
  bedrock,
  prices: [[/\.json$/, excluded('prices')]],
}

it.runIf(requireServices)('has its recordings where services are required', () => {
  expect(hasRecordings).toBe(true)
})

it('names suites that exist', () => {
  const named = Object.values(rules).flatMap((own) =>
    own.flatMap(([, fate]) => ('suite' in fate ? fate.suite : [])),
  )
  const missing = [...new Set(named)].filter((name) => !hasSuite(name))
  expect(missing).toEqual([])
})

describe.skipIf(!hasRecordings)('the recordings', () => {
  const files = hasRecordings ? recordedFiles() : []
  const read = files.flatMap((file) => fatesOf(file).map((fate) => ({ ...file, fate })))

  it('are all there, and all in the inventory', () => {
    const there = files
      .filter(({ file }) => !file.endsWith('SOURCE.txt'))
      .map(({ provider, file }) => `${provider}/${file}`)
    expect(there.toSorted()).toEqual(inventory().toSorted())
  })

  it('each belong to a suite, or are left out for a reason', () => {
    const providers = [...new Set(files.map(({ provider }) => provider))]
    console.table(
      providers.map((provider) => {
        const own = read.filter((one) => one.provider === provider)
        const those = (test: (fate: Fate) => boolean): number =>
          own.filter(({ fate }) => fate && test(fate)).length
        return {
          provider,
          files: files.filter((one) => one.provider === provider).length,
          decoded: those((fate) => 'suite' in fate),
          excluded: those((fate) => 'excluded' in fate),
        }
      }),
    )
    const unknown = read.filter(({ fate }) => fate === undefined)
    expect(unknown.map(({ provider, file }) => `${provider}/${file}`)).toEqual([])
    expect(providers.toSorted()).toEqual(Object.keys(rules).toSorted())
  })

  it('leave no rule without a file', () => {
    const idle = Object.entries(rules).flatMap(([provider, own]) =>
      provider in shared ? [] : own.filter((rule) => !isUsed(provider, rule)).map(String),
    )
    expect(idle).toEqual([])
  })

  const shared = {
    'openai-compatible': openai,
    'open-responses': openai,
    azure: openai,
    xai: openai,
  }

  function isUsed(provider: string, [, fate]: Rule): boolean {
    return read.some((one) => one.provider === provider && one.fate === fate)
  }
})

function fatesOf({ provider, file, interactions }: RecordedFile): (Fate | undefined)[] {
  const own = [...everywhere, ...(rules[provider] ?? [])]
  const names = interactions.length > 0 ? interactions : [file]
  return names.map((name) => own.find(([pattern]) => pattern.test(name))?.[1])
}

function hasSuite(name: string): boolean {
  return existsSync(new URL(`${name}.test.ts`, import.meta.url))
}
