import { existsSync, readdirSync, readFileSync } from 'node:fs'

const root = new URL('../../../shared/recorded/', import.meta.url)

export const hasRecordings = existsSync(root)

/** A call that made vectors, of whatever provider and in whatever file it stands. */
export interface RecordedEmbedding {
  /** `provider/file #interaction`. */
  name: string
  /** `provider`, a space, and what was called. */
  endpoint: string
  request: unknown
  status: number
  body: unknown
}

/** Everything that made vectors in all the recordings, found by what its endpoint or file is called. */
export function readRecordedEmbeddings(): RecordedEmbedding[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json') && !/\/spec\/|^prices\//.test(file))
    .toSorted()
    .flatMap((file) =>
      readOne(file, JSON.parse(readFileSync(new URL(encoded(file), root), 'utf8'))),
    )
    .filter(({ endpoint }) => /embed/i.test(endpoint))
}

interface Interaction {
  request: {
    url?: string
    uri?: string
    cls?: string
    json?: unknown
    body_text?: string
    message?: unknown
  }
  response?: {
    status?: number | { code: number }
    body?: string
    body_text?: string
    message?: unknown
  }
}

function readOne(
  file: string,
  content: { interactions?: Interaction[] } | Partial<Interaction> | unknown[],
): RecordedEmbedding[] {
  const provider = file.split('/')[0] ?? ''
  const interactions = interactionsOf(content)
  if (interactions) {
    return interactions.map((one, index) => ({
      name: `${file} #${index}`,
      endpoint: `${provider} ${endpointOf(one)}`,
      ...read(one),
    }))
  }
  // A bare body, or a list of a request and its answer: its file says what it is.
  const [asked, answer] = Array.isArray(content) ? content : [undefined, content]
  const bare = { name: file, request: Object(asked)['REQUEST'], status: 200, body: answer }
  return [{ ...bare, endpoint: `${provider} ${file.split('/').at(-1)}` }]
}

function interactionsOf(content: object): Interaction[] | undefined {
  if ('interactions' in content && Array.isArray(content.interactions)) return content.interactions
  return 'request' in content && 'response' in content ? [interaction(content)] : undefined
}

/** The layout of the recordings, trusted: the tests assert what is in them. */
function interaction(content: object): Interaction {
  return content as Interaction
}

/** The last step of the path: with a model in it, what is asked of the model. */
function endpointOf({ request }: Interaction): string {
  const url = request.url ?? request.uri
  if (url === undefined) return request.cls ?? ''
  const { pathname } = new URL(url, 'https://any.invalid')
  return pathname.replace(/^.*\/(models|model)\/([^/:]+)[:/]/, '').replace(/^.*\//, '')
}

function read({
  request,
  response,
}: Interaction): Pick<RecordedEmbedding, 'request' | 'status' | 'body'> {
  const { status = 200, body, body_text: text = body, message } = response ?? {}
  return {
    request: request.json ?? request.message ?? parsed(request.body_text),
    status: typeof status === 'number' ? status : status.code,
    body: message ?? parsed(text),
  }
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return text
  }
}

function encoded(file: string): string {
  return file.split('/').map(encodeURIComponent).join('/')
}
