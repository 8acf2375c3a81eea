import { crc32 } from 'node:zlib'

/** A message of an AWS event stream, made and read here without the code that the gateway has for it. */
export interface BedrockFrame {
  headers: Record<string, string>
  payload: string
}

/** Lengths, headers as strings, payload and the two checksums. */
export function encodeMessage({ headers, payload }: BedrockFrame): Buffer {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => header(name, value)))
  const body = Buffer.from(payload)
  const prelude = Buffer.alloc(8)
  prelude.writeUInt32BE(head.length + body.length + 16, 0)
  prelude.writeUInt32BE(head.length, 4)
  const open = Buffer.concat([prelude, checksum(prelude), head, body])
  return Buffer.concat([open, checksum(open)])
}

export function decodeMessages(bytes: Buffer): BedrockFrame[] {
  const frames: BedrockFrame[] = []
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt32BE(at)
    const headLength = bytes.readUInt32BE(at + 4)
    const bodyAt = at + 12 + headLength
    frames.push({
      headers: headersIn(bytes.subarray(at + 12, bodyAt)),
      payload: bytes.subarray(bodyAt, at + length - 4).toString(),
    })
    at += length
  }
  return frames
}

/** An event, as the service frames it. */
export function eventMessage(type: string, payload: object): Buffer {
  return encodeMessage({
    headers: {
      ':event-type': type,
      ':content-type': 'application/json',
      ':message-type': 'event',
    },
    payload: JSON.stringify(payload),
  })
}

export function exceptionMessage(type: string, payload: object): Buffer {
  return encodeMessage({
    headers: {
      ':exception-type': type,
      ':content-type': 'application/json',
      ':message-type': 'exception',
    },
    payload: JSON.stringify(payload),
  })
}

const stringType = 7

function header(name: string, value: string): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(Buffer.byteLength(value))
  return Buffer.concat([
    Buffer.from([name.length]),
    Buffer.from(name),
    Buffer.from([stringType]),
    length,
    Buffer.from(value),
  ])
}

function headersIn(bytes: Buffer): Record<string, string> {
  const headers: Record<string, string> = {}
  for (let at = 0; at < bytes.length;) {
    const nameEnd = at + 1 + bytes.readUInt8(at)
    const valueEnd = nameEnd + 3 + bytes.readUInt16BE(nameEnd + 1)
    headers[bytes.subarray(at + 1, nameEnd).toString()] = bytes
      .subarray(nameEnd + 3, valueEnd)
      .toString()
    at = valueEnd
  }
  return headers
}

function checksum(bytes: Buffer): Buffer {
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(bytes))
  return sum
}
