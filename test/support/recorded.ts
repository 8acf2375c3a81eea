import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createParser } from 'eventsource-parser'

/** Recorded traffic lives beside the repository and is read in place. */
const root = new URL('../../../shared/recorded/', import.meta.url)

export const hasRecordings = existsSync(root)

/** True where a missing service or recording is a failure, not a reason to skip. */
export const requireServices = process.env['XROUTER_REQUIRE_SERVICES'] === '1'

export interface Recording {
  provider: string
  /** Relative to the provider's folder; with the number of the interaction where there are several. */
  name: string
  file: string
  endpoint: string
  request: unknown
  status: number
  headers: Record<string, string>
  answer: { kind: 'stream'; frames: string[] } | { kind: 'body'; text: string }
}

/** A file that holds no traffic, and what it holds instead. */
export interface Note {
  provider: string
  file: string
  endpoint: string
}

export function readRecordings(provider: string): { recordings: Recording[]; notes: Note[] } {
  const recordings: Recording[] = []
  const notes: Note[] = []
  for (const file of filesUnder(new URL(`${provider}/`, root))) {
    const text = readFileSync(new URL(`${provider}/${encodePath(file)}`, root), 'utf8')
    if (file.endsWith('SOURCE.txt')) notes.push({ provider, file, endpoint: 'source note' })
    else if (file.startsWith('spec/')) notes.push({ provider, file, endpoint: 'specification' })
    else recordings.push(...readFile(provider, file, text))
  }
  return { recordings, notes }
}

/** The data of each event, as a server-sent stream carries it. */
export function framesOf(text: string): string[] {
  const frames: string[] = []
  const parser = createParser({ onEvent: (event) => frames.push(event.data) })
  parser.feed(text)
  parser.feed('\n\n')
  return frames
}

export async function* streamOf(frames: Iterable<string>): AsyncGenerator<string> {
  for (const frame of frames) yield frame
}

interface Interaction {
  request: { method: string; url: string; json?: unknown; body?: string }
  response: { status: number; headers: Record<string, string>; body: string }
}

function readFile(provider: string, file: string, text: string): Recording[] {
  const bare = { provider, file, name: file, request: undefined, status: 200, headers: {} }
  const folder = file.split('/').at(-2) ?? ''
  const endpoint =
    folderEndpoints[`${provider}/${folder}`] ??
    folderEndpoints[folder] ??
    endpointOfBody(file, text)
  if (file.endsWith('.chunks.txt')) {
    const frames = text.split('\n').filter((line) => line.trim() !== '')
    return answersOf(frames).map((each, index) => ({
      ...bare,
      name: index === 0 ? file : `${file} #${index}`,
      endpoint,
      answer: { kind: 'stream', frames: each },
    }))
  }
  if (file.endsWith('.sse')) {
    return [{ ...bare, endpoint, answer: { kind: 'stream', frames: framesOf(text) } }]
  }
  const interactions = interactionsOf(text)
  if (!interactions) return [{ ...bare, endpoint, answer: { kind: 'body', text } }]
  return interactions.map(({ request, response }, index) => ({
    provider,
    file,
    name: `${file} #${index}`,
    endpoint: endpointOf(request),
    request: request.json,
    status: response.status,
    headers: response.headers,
    answer: /^text\/event-stream/i.test(response.headers['content-type'] ?? '')
      ? { kind: 'stream', frames: framesOf(response.body) }
      : { kind: 'body', text: response.body },
  }))
}

/** Some files hold several answers of the Responses API, one after the other. */
function answersOf(frames: readonly string[]): string[][] {
  const answers: string[][] = [[]]
  for (const frame of frames) {
    const starts = frame.includes('"type":"response.created"')
    if (starts && answers.at(-1)?.length) answers.push([])
    answers.at(-1)?.push(frame)
  }
  return answers
}

const folderEndpoints: Record<string, string | undefined> = {
  chat: '/chat/completions',
  completion: '/completions',
  embedding: '/embeddings',
  responses: '/responses',
  'anthropic/vercel-ai': '/messages',
}

/** Where the folder does not tell what a bare body is, its own members do. */
function endpointOfBody(file: string, text: string): string {
  if (/^\s*\{[\s\S]*?"type":\s*"response\.|"object":\s*"response"/.test(text)) return '/responses'
  return text.includes('"choices":') ? '/chat/completions' : `unknown folder of ${file}`
}

const pathEndpoints: readonly [RegExp, string][] = [
  [/\/chat\/completions$/, '/chat/completions'],
  [/\/completions$/, '/completions'],
  [/\/embeddings$/, '/embeddings'],
  [/\/responses(\/|$)/, '/responses'],
  [/\/messages$/, '/messages'],
  [/\/messages\/count_tokens$/, '/messages/count_tokens'],
  [/\/complete$/, '/complete'],
  [/\/files(\/|$)/, '/files'],
  [/\/models(\/|$)/, '/models'],
]

function endpointOf({ url }: Interaction['request']): string {
  const { pathname } = new URL(url)
  const found = pathEndpoints.find(([pattern]) => pattern.test(pathname))
  return found ? found[1] : `unknown endpoint ${pathname}`
}

/** The layout of a cassette is that of the recordings' README; a bare body has no `interactions`. */
function interactionsOf(text: string): Interaction[] | undefined {
  const parsed: { interactions?: Interaction[] } = JSON.parse(text)
  return parsed.interactions
}

function filesUnder(folder: URL): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => statSync(fileURLToPath(new URL(encodePath(file), folder))).isFile())
    .toSorted()
}

function encodePath(file: string): string {
  return file.split('/').map(encodeURIComponent).join('/')
}
