import { setTimeout as wait } from 'node:timers/promises'
import { type Answer, bodyOf, type Exchange, halfOf } from './exchange.ts'
import type { HeaderBag, Piece, RecordedRequest } from './provider.ts'

/**
 * How much of an answer comes before its fault: so many frames of the provider's own stream, or
 * these frames. For a request without stream a number means half of the JSON body.
 */
export type Opening = number | object[]

/** An error status, by default with the body that the provider sends with it. */
export function httpError(status: number, body?: unknown, headers: HeaderBag = {}): Answer {
  return (exchange) => exchange.json(status, body ?? exchange.provider.errorBody(status), headers)
}

/** 429, with the hint in both headers where seconds are given. */
export function rateLimited(retryAfterSeconds?: number): Answer {
  if (retryAfterSeconds === undefined) return httpError(429)
  return httpError(429, undefined, {
    'retry-after': String(Math.ceil(retryAfterSeconds)),
    'retry-after-ms': String(Math.round(retryAfterSeconds * 1000)),
  })
}

/** 529 as Anthropic and its resellers send it. */
export const overloaded529: Answer = httpError(529, {
  type: 'error',
  error: { type: 'overloaded_error', message: 'Overloaded' },
})

export interface Hang extends Answer {
  received: Promise<RecordedRequest>
  /** Lets the provider answer after all. */
  release(): void
}

/** Takes the request and says nothing, not even a status, until released. */
export function hang(): Hang {
  const arrival = Promise.withResolvers<RecordedRequest>()
  const released = Promise.withResolvers<void>()
  const answer = async (exchange: Exchange): Promise<void> => {
    arrival.resolve(exchange.request)
    await Promise.race([released.promise, exchange.request.closed])
    await exchange.respond()
  }
  return Object.assign(answer, {
    received: arrival.promise,
    release: () => released.resolve(),
  })
}

/** Cuts the connection with a RST before any status. */
export function resetBeforeHead(): Answer {
  return (exchange) => exchange.reset()
}

/** Cuts the connection with a RST after status, headers and the opening. */
export function resetAfter(opening: Opening): Answer {
  return (exchange) => {
    exchange.begin(opening)
    exchange.reset()
  }
}

/** Sends the opening and then nothing, with the connection open. */
export function stallAfter(opening: Opening): Answer {
  return (exchange) => exchange.begin(opening)
}

/** Sends the opening and then a byte or comment that says nothing, again and again, without an end. */
export function dripAfter(opening: Opening, everyMs: number): Answer {
  return async (exchange) => {
    exchange.begin(opening)
    const drop = exchange.reply().stream ? ': keep-alive\n\n' : ' '
    while (!exchange.gone) {
      exchange.write(drop)
      await wait(everyMs)
    }
  }
}

/**
 * Ends the body properly, as HTTP sees it, but too early: a stream without finish and terminator,
 * or JSON cut in the middle under a content-length that fits the cut.
 */
export function truncateAfter(opening: Opening): Answer {
  return (exchange) => {
    const reply = typeof opening === 'number' ? exchange.reply() : undefined
    if (!reply || reply.stream) {
      exchange.begin(opening)
      exchange.end()
      return
    }
    exchange.bill(reply.entry)
    exchange.text(reply.status, halfOf(bodyOf(reply)), reply.headers)
  }
}

/** First the opening, then another fault. */
export function afterFrames(opening: Opening, fault: Answer): Answer {
  return (exchange) => {
    exchange.begin(opening)
    return fault(exchange)
  }
}

/** Half of the JSON body under the content-length of the whole, then the connection closes. */
export function shortBody(): Answer {
  return (exchange) => {
    exchange.begin(0)
    exchange.destroy()
  }
}

/** Sends the opening and then an error frame in the 200 stream, without terminator. */
export function errorFrameAfter(opening: Opening, frame?: object): Answer {
  return (exchange) => {
    exchange.begin(opening)
    exchange.frame(frame ?? exchange.provider.errorBody(500))
    exchange.end()
  }
}

/** Status 200 and the right content type, but bytes that are neither JSON nor frames. */
export function garbage(): Answer {
  return (exchange) => {
    const { status, headers } = exchange.reply()
    exchange.text(status, 'data: {"id":"chatcmpl-\u0000\u001f\ndata: }{][\n\n<!', headers)
  }
}

/** A frame in the provider's stream that is no JSON, after the opening; the stream goes no further. */
export function malformedFrameAfter(opening: Opening): Answer {
  return (exchange) => {
    exchange.begin(opening)
    exchange.write('data: {"id":"chatcmpl-broken","choices":[{"index":0,"del\n\n')
    exchange.end()
  }
}

/** The provider's own answer under a content type that does not fit it. */
export function wrongContentType(contentType = 'application/octet-stream'): Answer {
  return (exchange) => {
    const reply = exchange.reply()
    const headers = { ...reply.headers, 'content-type': contentType }
    return exchange.respond({ ...reply, headers })
  }
}

/** A whole answer of so many bytes of text, written as fast as its reader takes it. */
export function flood(bytes: number): Answer & { sent: () => number } {
  const text = 'and so on '.repeat(1_600)
  let sent = 0
  const answer = async (exchange: Exchange): Promise<void> => {
    const voice = exchange.provider.voice(exchange.request)
    const say = (pieces: Piece[]): void => pieces.forEach((piece) => exchange.speak(piece))
    say(voice.open())
    while (sent < bytes && !exchange.gone) {
      say(voice.text(text, 0))
      sent += text.length
      await exchange.flushed()
    }
    say([...voice.finish('stop', 0), ...voice.usage()])
    exchange.done()
    exchange.end()
  }
  return Object.assign(answer, { sent: () => sent })
}

/** What a proxy in front of the provider sends. */
export function htmlErrorPage(status: number): Answer {
  const page =
    `<html>\r\n<head><title>${status} Error</title></head>\r\n<body>\r\n` +
    `<center><h1>${status} Error</h1></center>\r\n<hr><center>cloudflare</center>\r\n` +
    `</body>\r\n</html>\r\n`
  return (exchange) =>
    exchange.text(status, page, { 'content-type': 'text/html', server: 'cloudflare' })
}

/** A stream with one line of so many bytes and no end of line before the body ends. */
export function oversizedLine(bytes: number): Answer {
  const prefix = 'data: '
  const block = 'x'.repeat(65_536)
  return async (exchange) => {
    exchange.write(prefix)
    let left = bytes - prefix.length
    while (left > 0 && !exchange.gone) {
      exchange.write(block.slice(0, left))
      left -= block.length
      await exchange.flushed()
    }
    exchange.end()
  }
}
