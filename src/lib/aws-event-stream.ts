import { EventStreamCodec } from '@smithy/eventstream-codec'
import { fromUtf8, toUtf8 } from '@smithy/util-utf8'

const codec = new EventStreamCodec(toUtf8, fromUtf8)
const lengthBytes = 4

/**
 * The messages of an AWS event stream, each as a line of JSON: `{"type", "exception", "payload"}`.
 * A message with a wrong checksum throws; one that is cut by the end of the stream is none.
 */
export async function* awsEventStream(
  body: AsyncIterable<Uint8Array>,
  limits: { bufferCharsMax: number; onOversized: () => Error },
): AsyncGenerator<string> {
  let open: Uint8Array = new Uint8Array(0)
  for await (const chunk of body) {
    open = open.byteLength === 0 ? chunk : Buffer.concat([open, chunk])
    while (open.byteLength >= lengthBytes) {
      const length = new DataView(open.buffer, open.byteOffset).getUint32(0)
      if (length > limits.bufferCharsMax) throw limits.onOversized()
      if (open.byteLength < length) break
      yield lineOf(open.subarray(0, length))
      open = open.subarray(length)
    }
  }
}

function lineOf(message: Uint8Array): string {
  const { headers, body } = codec.decode(message)
  const exception = headers[':message-type']?.value === 'exception'
  const type = headers[exception ? ':exception-type' : ':event-type']?.value ?? 'unknown'
  const payload = toUtf8(body)
  return `{"type":${JSON.stringify(type)},"exception":${exception},"payload":${payload || '{}'}}`
}
