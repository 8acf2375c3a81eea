import { createParser, type ParseError } from 'eventsource-parser'

/**
 * The `data` of each event of a server-sent stream, and last the JSON that stands in no event: a service
 * that fails amid a stream may forget the form. `onOversized` makes the error for an endless line.
 */
export async function* sseData(
  body: AsyncIterable<Uint8Array>,
  limits: { bufferCharsMax: number; onOversized: (error: ParseError) => Error },
): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let ready: string[] = []
  let oversized: ParseError | undefined
  // What came since the last event.
  let tail = ''
  const parser = createParser({
    onEvent: (event) => ready.push(event.data),
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') oversized = error
    },
    maxBufferSize: limits.bufferCharsMax,
  })
  for await (const chunk of body) {
    const text = decoder.decode(chunk, { stream: true })
    parser.feed(text)
    if (ready.length > 0) {
      tail = afterEvents(text)
      yield* ready
      ready = []
    } else if (tail.length < limits.bufferCharsMax) tail += text
    if (oversized) throw limits.onOversized(oversized)
  }
  parser.feed(`${decoder.decode()}\n\n`)
  yield* ready.filter(isWhole)
  if (/^\s*[[{]/.test(tail) && isWhole(tail)) yield tail.trim()
}

/** An event ends with an empty line, which may have begun in the chunk before. */
function afterEvents(chunk: string): string {
  const end = Math.max(chunk.lastIndexOf('\n\n'), chunk.lastIndexOf('\n\r\n'))
  return (end < 0 ? chunk : chunk.slice(end)).trimStart()
}

/** The last event may lack its blank line; one that was cut in the middle is no event. */
function isWhole(data: string): boolean {
  if (data === '[DONE]') return true
  try {
    JSON.parse(data)
    return true
  } catch {
    return false
  }
}
