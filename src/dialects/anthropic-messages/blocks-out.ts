import type { Extra } from '../../protocol/request.ts'
import { isRecord } from '../narrow.ts'
import type { WireEvent } from './encode-events.ts'

type Kind = 'text' | 'refusal' | 'thinking' | 'call' | 'hushed'

/** The blocks of a stream, one after another: each is closed before the next is begun. */
export class BlocksOut {
  #next = 0
  #open: Kind | undefined
  #thinking: Extra = {}

  /** Begins a block, whatever was open. */
  open(kind: Kind, block: Extra, out: WireEvent[]): void {
    this.close(out)
    this.#open = kind
    out.push({ type: 'content_block_start', index: this.#next, content_block: block })
  }

  /** Adds to the open block, or to a new one where that is of another kind. */
  add(kind: Kind, delta: Extra, out: WireEvent[]): void {
    if (this.#open === 'hushed' && kind === 'refusal') return
    if (this.#open !== 'call' && kind === 'call') return
    if (this.#open !== kind) this.open(kind, this.#emptyBlock(kind), out)
    out.push({ type: 'content_block_delta', index: this.#next, delta })
  }

  /** A block that is there at once; what a tool was asked comes as a piece. */
  whole(block: Extra, out: WireEvent[]): void {
    const { input } = block
    this.close(out)
    const index = this.#next
    const isAsked = isRecord(input)
    const content_block = isAsked ? { ...block, input: {} } : block
    out.push({ type: 'content_block_start', index, content_block })
    if (isAsked && Object.keys(input).length > 0) {
      const delta = { type: 'input_json_delta', partial_json: JSON.stringify(input) }
      out.push({ type: 'content_block_delta', index, delta })
    }
    out.push({ type: 'content_block_stop', index })
    this.#next += 1
  }

  close(out: WireEvent[]): void {
    this.#thinking = {}
    if (this.#open === undefined) return
    if (this.#open !== 'hushed') {
      out.push({ type: 'content_block_stop', index: this.#next })
      this.#next += 1
    }
    this.#open = undefined
  }

  /** The next thinking block has these members. */
  expectThinking(members: Extra): void {
    this.#thinking = members
  }

  /** A refusal that the message's details tell of is not said in words. */
  hush(): void {
    this.#open = 'hushed'
  }

  #emptyBlock(kind: Kind): Extra {
    return kind === 'thinking'
      ? { type: 'thinking', thinking: '', signature: '', ...this.#thinking }
      : { type: 'text', text: '' }
  }
}
