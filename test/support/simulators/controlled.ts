import type { Answer, Exchange } from './exchange.ts'
import type { HeaderBag, Piece, RecordedRequest, Voice, VoiceCall } from './provider.ts'

/** An answer in the hands of the test. All but the promises need the request to have arrived. */
export interface Controlled {
  received: Promise<RecordedRequest>
  /** Resolves when the client has closed the connection, or the answer is finished. */
  closed: Promise<void>
  /** Sends status 200 and the stream's headers, without a frame. */
  startStream(headers?: HeaderBag): void
  /** Writes bytes as they are. */
  write(raw: string): void
  /** Writes any frame in the provider's framing. */
  frame(frame: object): void
  /** Sends a text delta, after the provider's opening frame where it is the first. */
  text(delta: string, choice?: number): void
  /** Sends a whole tool call: its opening frame and its arguments in fragments. */
  toolCall(call: VoiceCall): void
  finish(reason?: string, choice?: number): void
  /** Sends the usage frame, with the tokens sent so far. */
  usage(): void
  /** Writes the terminator; the body stays open until `end()`. */
  done(): void
  /** Ends the body; after `done()` the answer counts as completed. */
  end(): void
  /** `finish`, `usage` where the request asked for it, `done` and `end`. */
  complete(reason?: string): void
  reset(): void
  destroy(): void
  json(status: number, body: unknown, headers?: HeaderBag): void
  /** Gives the request to another answer, by default the provider's own. */
  answer(answer?: Answer): void | Promise<void>
}

export function controlledAnswer(): { answer: Answer; upstream: Controlled } {
  const arrival = Promise.withResolvers<RecordedRequest>()
  const hand = new Hand()
  const answer: Answer = (exchange) => {
    hand.take(exchange)
    arrival.resolve(exchange.request)
  }
  const upstream: Controlled = {
    received: arrival.promise,
    closed: arrival.promise.then((request) => request.closed),
    startStream: (headers) => hand.exchange.startStream(headers),
    write: (raw) => hand.exchange.write(raw),
    frame: (frame) => hand.exchange.frame(frame),
    text: (delta, choice = 0) => hand.say((voice) => voice.text(delta, choice)),
    toolCall: (call) => hand.say((voice) => voice.toolCall(call)),
    finish: (reason = 'stop', choice = 0) => hand.say((voice) => voice.finish(reason, choice)),
    usage: () => hand.say((voice) => voice.usage()),
    done: () => hand.done(),
    end: () => hand.end(),
    complete: (reason = 'stop') => hand.complete(reason),
    reset: () => hand.exchange.reset(),
    destroy: () => hand.exchange.destroy(),
    json: (status, body, headers) => hand.exchange.json(status, body, headers),
    answer: (next = (exchange) => exchange.respond()) => next(hand.exchange),
  }
  return { answer, upstream }
}

class Hand {
  #exchange: Exchange | undefined
  #voice: Voice | undefined
  #isDone = false

  take(exchange: Exchange): void {
    this.#exchange = exchange
  }

  get exchange(): Exchange {
    if (!this.#exchange) throw new Error('no request has come yet: await `received` first')
    return this.#exchange
  }

  say(words: (voice: Voice) => Piece[]): void {
    const voice = this.#open()
    for (const piece of words(voice)) this.exchange.speak(piece)
  }

  done(): void {
    this.#isDone = true
    this.exchange.done()
  }

  end(): void {
    if (this.#isDone) this.exchange.settle()
    this.exchange.end()
  }

  complete(reason: string): void {
    this.say((voice) => voice.finish(reason, 0))
    this.say((voice) => (voice.wantsUsage ? voice.usage() : []))
    this.done()
    this.end()
  }

  #open(): Voice {
    if (this.#voice) return this.#voice
    const voice = this.exchange.provider.voice(this.exchange.request)
    this.#voice = voice
    this.exchange.bill(voice.entry)
    for (const piece of voice.open()) this.exchange.speak(piece)
    return voice
  }
}
