import { existsSync, readdirSync, readFileSync } from 'node:fs'

const root = new URL('../../../shared/recorded/ollama/', import.meta.url)

export const hasOllamaRecordings = existsSync(root)

export interface OllamaRecording {
  /** With the number of the interaction where there are several. */
  name: string
  /** The path that was called; for the examples of the documentation the name of their file. */
  endpoint: string
  request: Record<string, unknown>
  status: number
  /** The lines of the answer, of which a whole answer has one. */
  lines: string[]
}

export function readOllamaRecordings(): OllamaRecording[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.\w+$/.test(file))
    .toSorted()
    .flatMap((file) => readOne(file, readFileSync(new URL(file, root), 'utf8')))
}

interface Interaction {
  request: { url: string; json: Record<string, unknown> }
  response: { status: number; body: string }
}

type Example = Record<string, unknown> & { REQUEST?: Record<string, unknown> }

function readOne(file: string, text: string): OllamaRecording[] {
  if (file.endsWith('SOURCE.txt')) {
    return [{ name: file, endpoint: 'source note', request: {}, status: 200, lines: [] }]
  }
  const parsed: { interactions: Interaction[] } | Example[] = JSON.parse(text)
  if (Array.isArray(parsed)) return exampleOf(file, parsed)
  return parsed.interactions.map(({ request, response }, index) => ({
    name: `${file} #${index}`,
    endpoint: new URL(request.url).pathname,
    request: request.json,
    status: response.status,
    lines: response.body.split('\n').filter((line) => line.trim() !== ''),
  }))
}

/** A file of examples has requests, each with the lines of its answer after it. */
function exampleOf(file: string, entries: Example[]): OllamaRecording[] {
  const groups: OllamaRecording[] = []
  const name = file.split('/').at(-1) ?? ''
  const opened = (request: Record<string, unknown>): OllamaRecording => {
    const bare = { name: `${file} #${groups.length}`, status: 200, lines: [] }
    const chats = name.startsWith('chat-') && 'messages' in request
    const recording = { ...bare, endpoint: chats ? '/api/chat' : name, request }
    groups.push(recording)
    return recording
  }
  for (const { REQUEST: request, ...line } of entries) {
    if (request) opened(request)
    else (groups.at(-1) ?? opened({ messages: [] })).lines.push(JSON.stringify(line))
  }
  return groups
}
