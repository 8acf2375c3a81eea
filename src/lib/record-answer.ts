import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'

/** What was sent to a client. */
export interface RecordedAnswer {
  status: number
  /** In lower case; as they were given, several of a name as a list. */
  headers: OutgoingHttpHeaders
  /** Absent where it was larger than asked for. */
  body: Buffer | undefined
}

/**
 * Copies what is written to a response from now on. Its end waits until `onEnd` has resolved; `onLeft` is
 * called instead when the client is gone before.
 */
export function recordAnswer(
  response: ServerResponse,
  listener: {
    bodyBytesMax: number
    onEnd: (answer: RecordedAnswer) => Promise<void>
    onLeft: () => void
  },
): void {
  const write = response.write.bind(response)
  const end = response.end.bind(response)
  const writeHead = response.writeHead.bind(response)
  const copy = createCopy(listener.bodyBytesMax)
  let headers: OutgoingHttpHeaders = {}
  let ended = false
  // By `Object.assign`, because no single function has the overloads of the ones that it stands for.
  Object.assign(response, {
    writeHead: (...args: unknown[]): unknown => {
      headers = { ...headers, ...headersIn(args) }
      return Reflect.apply(writeHead, undefined, args)
    },
    write: (...args: unknown[]): unknown => {
      copy.add(args)
      return Reflect.apply(write, undefined, args)
    },
    end: (...args: unknown[]): unknown => {
      if (ended) return response
      ended = true
      copy.add(args)
      const all = { ...response.getHeaders(), ...headers }
      const answer = { status: response.statusCode, headers: all, body: copy.body() }
      void listener.onEnd(answer).finally(() => Reflect.apply(end, undefined, args))
      return response
    },
  })
  response.once('close', () => {
    if (!ended) listener.onLeft()
  })
}

/** `writeHead(status, message?, headers?)`, headers by name or as names and values in turn. */
function headersIn(args: readonly unknown[]): OutgoingHttpHeaders {
  const last: unknown = args.at(-1)
  if (typeof last !== 'object' || last === null) return {}
  const entries = Array.isArray(last) ? pairs(last) : Object.entries(last)
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value]))
}

function pairs(flat: readonly unknown[]): [name: string, value: unknown][] {
  return flat.flatMap((name, at) => (at % 2 === 0 ? [[String(name), flat[at + 1]]] : []))
}

function createCopy(bytesMax: number) {
  let chunks: Buffer[] = []
  let bytes = 0
  return {
    add: ([chunk, encoding]: readonly unknown[]): void => {
      const part = bytesOf(chunk, encoding)
      bytes += part.length
      if (bytes > bytesMax) chunks = []
      else chunks.push(part)
    },
    body: () => (bytes > bytesMax ? undefined : Buffer.concat(chunks)),
  }
}

function bytesOf(chunk: unknown, encoding: unknown): Buffer {
  if (chunk instanceof Uint8Array) return Buffer.from(chunk)
  if (typeof chunk !== 'string') return Buffer.alloc(0)
  const known = typeof encoding === 'string' && Buffer.isEncoding(encoding)
  return Buffer.from(chunk, known ? encoding : 'utf8')
}
