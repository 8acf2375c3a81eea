import { EventStreamCodec } from '@smithy/eventstream-codec'
import { fromUtf8, toUtf8 } from '@smithy/util-utf8'

const codec = new EventStreamCodec(toUtf8, fromUtf8)
const lengthBytes = 4

interface Limits {
  bufferCharsMax: number
  /** Makes the error for an endless message. */
  onOversized: () => Error
  /** Makes the error for a message with a wrong checksum or form. */
  onBroken: (cause: unknown) => Error
}

/**
 * The messages of an AWS event stream, each as a line of JSON: `{"type", "exception", "payload"}`.
 * One that is cut by the end of the stream is none.
 */
export async function* awsEventStream(
  body: AsyncIterable<Uint8Array>,
  { bufferCharsMax, onOversized, onBroken }: Limits,
): AsyncGenerator<string> {
  let open: Uint8Array = new Uint8Array(0)
  for await (const chunk of body) {
    open = open.byteLength === 0 ? chunk : Buffer.concat([open, chunk])
    while (open.byteLength >= lengthBytes) {
      const length = new DataView(open.buffer, open.byteOffset).getUint32(0)
      if (length > bufferCharsMax) throw onOversized()
      if (open.byteLength < length) break
      yield lineOf(open.subarray(0, length), onBroken)
      open = open.subarray(length)
    }
  }
}

function lineOf(message: Uint8Array, onBroken: Limits['onBroken']): string {
  const { headers, body } = decode(message, onBroken)
  const header = (name: string): string | undefined => {
    const value = headers[name]?.value
    return typeof value === 'string' ? value : undefined
  }
  if (header(':message-type') === 'error') {
    // A failure that the service's own description does not know stands in the headers alone.
    const payload = { message: header(':error-message') }
    return JSON.stringify({ type: header(':error-code') ?? 'unknown', exception: true, payload })
  }
  const exception = header(':message-type') === 'exception'
  const type = header(exception ? ':exception-type' : ':event-type') ?? 'unknown'
  const payload = toUtf8(body)
  return `{"type":${JSON.stringify(type)},"exception":${exception},"payload":${payload || '{}'}}`
}

function decode(message: Uint8Array, onBroken: Limits['onBroken']) {
  try {
    return codec.decode(message)
  } catch (error) {
    throw onBroken(error)
  }
}
