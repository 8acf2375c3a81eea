import { existsSync, readdirSync, readFileSync } from 'node:fs'

const folder = new URL('../../../shared/recorded/gigachat/', import.meta.url)

export const hasGigachatRecordings = existsSync(folder)

export interface GigachatRecording {
  /** With the number of the interaction, in a cassette. */
  name: string
  endpoint: string
  request: WireRequest | undefined
  status: number
  text: string
}

export interface WireRequest {
  model: string
  messages: { role: 'user' | 'assistant' | 'system'; content: string }[]
  stream?: boolean
  temperature?: number
  response_format?: { schema: unknown; strict?: boolean }
}

export function readGigachatRecordings(): GigachatRecording[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return files
    .filter((file) => /\.\w+$/.test(file))
    .toSorted()
    .flatMap((file) => readOne(file, readFileSync(new URL(file, folder), 'utf8')))
}

/** A cassette has its interactions; a bare body's endpoint is told by its folder or its name. */
function readOne(file: string, text: string): GigachatRecording[] {
  if (!file.startsWith('cassettes/')) {
    const endpoint = bareEndpoints.find(([pattern]) => pattern.test(file))?.[1]
    const name = file
    return [
      { name, endpoint: endpoint ?? `unknown ${file}`, request: undefined, status: 200, text },
    ]
  }
  const parsed: { interactions?: Interaction[] } & Interaction = JSON.parse(text)
  return (parsed.interactions ?? [parsed]).map(({ request, response }, index) => {
    const endpoint = endpointOf(new URL(request.uri).pathname)
    return {
      name: `${file} #${index}`,
      endpoint,
      request: endpoint === 'v1/chat/completions' ? JSON.parse(request.body_text) : undefined,
      status: response.status.code,
      text: response.body_text,
    }
  })
}

interface Interaction {
  request: { uri: string; body_text: string }
  response: { status: { code: number }; body_text: string }
}

function endpointOf(path: string): string {
  if (path.endsWith('/oauth')) return 'oauth'
  return path.replace(/^\/api\//, '').replace(/(\/models)\/.+$/, '$1')
}

const bareEndpoints: readonly [RegExp, string][] = [
  [/^SOURCE/, 'source note'],
  [/^gpt2giga/, 'another proxy’s output'],
  [/\/threads\//, 'threads'],
  [/\/assistants\//, 'assistants'],
  [/\/chat_completion[\w.]*$/, 'v1/chat/completions'],
  [/\/chat(_function)?\.json$/, 'a request alone'],
  [/\/models?\.json$/, 'v1/models'],
  [/\/tokens_count/, 'v1/tokens/count'],
  [/\/ai_check/, 'ai/check'],
  [/\/balance/, 'balance'],
  [/\/get_file/, 'files'],
  [/\/convert_functions/, 'functions/convert'],
]
