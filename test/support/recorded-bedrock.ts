import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** Recorded traffic lives beside the repository and is read in place. */
const root = new URL('../../../shared/recorded/bedrock/', import.meta.url)

export const hasBedrockRecordings = existsSync(root)

export interface BedrockRecording {
  /** With the number of the interaction where there are several. */
  name: string
  /** The last step of the path, or what the file is instead. */
  endpoint: string
  model: string
  request: Record<string, unknown>
  status: number
  headers: Record<string, string>
  answer: { kind: 'body'; text: string } | { kind: 'bytes'; bytes: Buffer } | BareEvents
}

/** Events without their framing: one JSON object each, under its type. */
interface BareEvents {
  kind: 'events'
  lines: string[]
}

export function readBedrockRecordings(): BedrockRecording[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(json|txt)$/.test(file))
    .toSorted()
    .flatMap(readFile)
}

export interface EventVector {
  name: string
  headers: Record<string, string>
  payload: string
  frame_hex: string
}

export function readEventVectors(): EventVector[] {
  return JSON.parse(readFileSync(new URL('spec/eventstream-vectors.json', root), 'utf8'))
}

export interface SigningCase {
  name: string
  context: {
    credentials: { access_key_id: string; secret_access_key: string; token?: string }
    region: string
    service: string
    timestamp: string
    normalize: boolean
    omit_session_token?: boolean
  }
  request: string
  'header-signature': string
}

export function readSigningCases(): SigningCase[] {
  const text = readFileSync(new URL('spec/sigv4-test-suite.json', root), 'utf8')
  const { cases }: { cases: Record<string, Omit<SigningCase, 'name'>> } = JSON.parse(text)
  return Object.entries(cases).map(([name, each]) => ({ name, ...each }))
}

interface Interaction {
  request: { method: string; url: string; json?: Record<string, unknown> }
  response: {
    status: number
    headers: Record<string, string>
    body?: string
    body_base64?: string
  }
}

function readFile(file: string): BedrockRecording[] {
  const text = readFileSync(new URL(file, root), 'utf8')
  const bare = { name: file, model: '', request: {}, status: 200, headers: {} }
  if (file.endsWith('SOURCE.txt')) {
    return [{ ...bare, endpoint: 'source note', answer: { kind: 'body', text } }]
  }
  if (file.startsWith('spec/')) {
    return [{ ...bare, endpoint: 'specification', answer: { kind: 'body', text } }]
  }
  if (file.endsWith('.txt')) {
    const lines = text.split('\n').filter((line) => line.trim() !== '')
    return [{ ...bare, endpoint: 'converse-stream', answer: { kind: 'events', lines } }]
  }
  const { interactions }: { interactions?: Interaction[] } = JSON.parse(text)
  if (!interactions) {
    const endpoint = text.includes('"output"') ? 'converse' : 'rerank'
    return [{ ...bare, endpoint, answer: { kind: 'body', text } }]
  }
  return interactions.map((each, index) => readInteraction(`${file} #${index}`, each))
}

function readInteraction(name: string, { request, response }: Interaction): BedrockRecording {
  const { host, pathname } = new URL(request.url)
  const [, model = '', operation] = /^\/model\/([^/]+)\/([\w-]+)$/.exec(pathname) ?? []
  const { status, headers, body = '', body_base64: bytes } = response
  return {
    name,
    endpoint: operation ?? (host.startsWith('bedrock-mantle') ? 'mantle' : pathname),
    model: decodeURIComponent(model),
    request: request.json ?? {},
    status,
    headers,
    answer:
      bytes === undefined
        ? { kind: 'body', text: body }
        : { kind: 'bytes', bytes: Buffer.from(bytes, 'base64') },
  }
}
