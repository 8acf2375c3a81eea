import { createParser, type ParseError } from 'eventsource-parser'

/** The `data` of each event of a server-sent stream. `onOversized` makes the error for an endless line. */
export async function* sseData(
  body: AsyncIterable<Uint8Array>,
  limits: { bufferCharsMax: number; onOversized: (error: ParseError) => Error },
): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let ready: string[] = []
  let oversized: ParseError | undefined
  const parser = createParser({
    onEvent: (event) => ready.push(event.data),
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') oversized = error
    },
    maxBufferSize: limits.bufferCharsMax,
  })
  for await (const chunk of body) {
    parser.feed(decoder.decode(chunk, { stream: true }))
    if (ready.length > 0) {
      yield* ready
      ready = []
    }
    if (oversized) throw limits.onOversized(oversized)
  }
  parser.feed(`${decoder.decode()}\n\n`)
  yield* ready.filter(isWhole)
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
