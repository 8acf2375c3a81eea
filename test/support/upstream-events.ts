import { subscribe, unsubscribe } from 'node:diagnostics_channel'

/** Resolves when the gateway in this process has read the head, or a piece of the body, of an answer from `origin`. */
export function upstreamHeard(what: 'head' | 'body', origin: string): Promise<void> {
  const channel = what === 'head' ? 'undici:request:headers' : 'undici:request:bodyChunkReceived'
  return new Promise((resolve) => {
    const listener = (message: unknown): void => {
      if (originOf(message) !== origin) return
      unsubscribe(channel, listener)
      resolve()
    }
    subscribe(channel, listener)
  })
}

/** Counts the bytes that the gateway in this process has read of answers from `origin`. */
export function countUpstreamBytes(origin: string): { bytes: () => number; stop: () => void } {
  const channel = 'undici:request:bodyChunkReceived'
  let bytes = 0
  const listener = (message: unknown): void => {
    if (originOf(message) === origin) bytes += chunkOf(message).length
  }
  subscribe(channel, listener)
  return { bytes: () => bytes, stop: () => void unsubscribe(channel, listener) }
}

function chunkOf(message: unknown): Buffer {
  return (message as { chunk: Buffer }).chunk
}

/** The channel's messages hold the request, with its origin. */
function originOf(message: unknown): string {
  return String((message as { request: { origin: unknown } }).request.origin)
}
