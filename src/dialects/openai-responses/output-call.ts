import type { ToolCallStart } from '../../protocol/event.ts'
import type { Extra } from '../../protocol/request.ts'
import type { EmitFrame, ItemPlace, ItemStatus } from './output-item.ts'

const functionWords = {
  type: 'function_call',
  member: 'arguments',
  event: 'response.function_call_arguments',
}
const customWords = {
  type: 'custom_tool_call',
  member: 'input',
  event: 'response.custom_tool_call_input',
}

/** The item of a call while its arguments are written; its frames are emitted as they come about. */
export class CallOut {
  readonly kind = 'call'
  readonly place: ItemPlace
  /** Calls may be written side by side: one is whole when its end was seen. */
  ended = false
  readonly #start: Omit<ToolCallStart, 'type'>
  readonly #own: Extra
  readonly #words: typeof functionWords
  readonly #emit: EmitFrame
  #written = ''

  constructor(
    { place, own }: { place: ItemPlace; own: Extra },
    start: Omit<ToolCallStart, 'type'>,
    emit: EmitFrame,
  ) {
    this.place = place
    this.#own = own
    this.#start = start
    this.#words = start.kind === 'custom' ? customWords : functionWords
    this.#emit = emit
    const item = this.#item('in_progress')
    emit('response.output_item.added', { output_index: place.index, item })
  }

  write(delta: string): void {
    this.#written += delta
    this.#emit(`${this.#words.event}.delta`, { ...this.#at(), delta })
  }

  close(status: ItemStatus): Extra {
    const { event, member } = this.#words
    this.#emit(`${event}.done`, { ...this.#at(), [member]: this.#written })
    return this.#item(status)
  }

  #at(): Extra {
    return { item_id: this.place.id, output_index: this.place.index }
  }

  #item(status: ItemStatus): Extra {
    const { id, name } = this.#start
    const { type, member } = this.#words
    const head = { id: this.place.id, type, status, call_id: id || this.place.id, name }
    return { ...this.#own, ...head, [member]: this.#written }
  }
}
