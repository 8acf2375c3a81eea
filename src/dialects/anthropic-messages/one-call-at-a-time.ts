import type { ChatEvent } from '../../protocol/event.ts'

/**
 * Puts events in the order of a wire whose parts do not overlap: what comes amid a tool call, as the
 * pieces of parallel calls may, waits until that call has ended. Nothing is held back at the end.
 */
export class OneCallAtATime {
  #open: number | undefined
  #held: ChatEvent[] = []

  /** The events whose turn it is now. */
  next(event: ChatEvent): ChatEvent[] {
    if (isLast(event)) return [...this.#rest(), event]
    if (this.#open === undefined) {
      if (event.type === 'tool-call-start') this.#open = event.index
      return [event]
    }
    if (!isOf(event, this.#open)) {
      this.#held.push(event)
      return []
    }
    if (event.type !== 'tool-call-end') return [event]
    this.#open = undefined
    const held = this.#held
    this.#held = []
    return [event, ...held.flatMap((each) => this.next(each))]
  }

  #rest(): ChatEvent[] {
    const rest: ChatEvent[] = []
    while (this.#open !== undefined) {
      const end = { type: 'tool-call-end', choice: 0, index: this.#open } as const
      rest.push(...this.next(end))
    }
    return rest
  }
}

function isLast({ type }: ChatEvent): boolean {
  return type === 'finish' || type === 'end' || type === 'error'
}

function isOf(event: ChatEvent, index: number): boolean {
  const isPiece = event.type === 'tool-call-delta' || event.type === 'tool-call-end'
  return isPiece && event.index === index
}
