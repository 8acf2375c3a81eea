import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { framesOf } from './recorded.ts'

const folder = new URL('../../../shared/recorded/gemini/', import.meta.url)

export const hasGeminiRecordings = existsSync(folder)

export interface GeminiRecording {
  /** With the number of the interaction where there are several. */
  name: string
  /** `generateContent`, `GET models`, ... */
  endpoint: string
  /** The last step of the URL's path, where it names a model. */
  model: string
  request: unknown
  status: number
  answer: { kind: 'stream'; frames: string[] } | { kind: 'body'; text: string }
}

export function readGeminiRecordings(): GeminiRecording[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.\w+$/.test(file))
    .toSorted()
    .flatMap((file) => readOne(file, readFileSync(new URL(file, folder), 'utf8')))
}

interface Interaction {
  request: { method: string; url: string; json?: unknown }
  response: { status: number; headers: Record<string, string>; body: string }
}

function readOne(file: string, text: string): GeminiRecording[] {
  const bare = { name: file, endpoint: bareEndpoint(file), model: '', request: undefined }
  if (file.endsWith('.txt')) {
    const frames = text.split('\n').filter((line) => line.trim() !== '')
    return [{ ...bare, status: 200, answer: { kind: 'stream', frames } }]
  }
  const parsed: { interactions?: Interaction[]; error?: { code: number } } = JSON.parse(text)
  if (!parsed.interactions) {
    return [{ ...bare, status: parsed.error?.code ?? 200, answer: { kind: 'body', text } }]
  }
  return parsed.interactions.map(({ request, response: { status, body } }, index) => ({
    name: `${file} #${index}`,
    ...endpointOf(request),
    request: request.json,
    status,
    answer: body.startsWith('data:')
      ? { kind: 'stream', frames: framesOf(body) }
      : { kind: 'body', text: body },
  }))
}

function bareEndpoint(file: string): string {
  if (file.endsWith('SOURCE.txt')) return 'source note'
  if (file.includes('/interactions/')) return 'interactions'
  if (file.includes('embedding')) return 'predict'
  if (!file.startsWith('vercel-ai/google-')) return `unknown file ${file}`
  return file.endsWith('.txt') ? 'streamGenerateContent' : 'generateContent'
}

/** Those of Vertex AI have the same names under longer paths. */
function endpointOf({ method, url }: Interaction['request']): { endpoint: string; model: string } {
  const { pathname } = new URL(url, 'https://any.invalid')
  const [, model = '', verb] = /\/models\/([^/:]+):(\w+)$/.exec(pathname) ?? []
  if (verb !== undefined) return { endpoint: verb, model }
  const [, collection] = /\/v1beta\/(models|files|cachedContents|openai)\b/.exec(pathname) ?? []
  const endpoint =
    collection === undefined
      ? `unknown endpoint ${pathname}`
      : `${method.toUpperCase()} ${collection}`
  return { endpoint, model }
}
