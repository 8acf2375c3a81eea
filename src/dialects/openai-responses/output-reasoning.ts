import type { Extra } from '../../protocol/request.ts'
import type { EmitFrame, ItemPlace } from './output-item.ts'
import { type SealedContent, sealContent } from './sealed-content.ts'

type Place = 'summary' | 'content'

interface Part {
  place: Place
  /** Among the parts of its place. */
  index: number
  text: string
}

const events = {
  summary: { part: 'response.reasoning_summary_part', text: 'response.reasoning_summary_text' },
  content: { part: 'response.content_part', text: 'response.reasoning_text' },
}

/** A reasoning item while it is written; its frames are emitted as they come about. */
export class ReasoningOut {
  readonly kind = 'reasoning'
  readonly place: ItemPlace
  /** It is whole as soon as another item begins. */
  readonly ended = true
  sealed: Pick<SealedContent, 'signature' | 'sealed'> = {}
  readonly #own: Extra | undefined
  readonly #emit: EmitFrame
  readonly #parts: Part[] = []

  constructor(place: ItemPlace, own: Extra | undefined, emit: EmitFrame) {
    this.place = place
    this.#own = own
    this.#emit = emit
    emit('response.output_item.added', { output_index: place.index, item: this.#item() })
  }

  /** The id that the item has at its provider. */
  get wireId(): unknown {
    return this.#own?.['id']
  }

  beginPart(place: Place): Part {
    this.#endPart()
    const part: Part = { place, index: this.#of(place).length, text: '' }
    this.#parts.push(part)
    this.#emit(`${events[place].part}.added`, { ...this.#at(part), part: encodePart(part) })
    return part
  }

  write(delta: string): void {
    const part = this.#parts.at(-1) ?? this.beginPart('summary')
    part.text += delta
    this.#emit(`${events[part.place].text}.delta`, { ...this.#at(part), delta })
  }

  close(): Extra {
    this.#endPart()
    const encrypted = sealContent(this.sealed)
    return { ...this.#item(), ...(encrypted !== undefined && { encrypted_content: encrypted }) }
  }

  #endPart(): void {
    const last = this.#parts.at(-1)
    if (!last) return
    const { part, text } = events[last.place]
    this.#emit(`${text}.done`, { ...this.#at(last), text: last.text })
    this.#emit(`${part}.done`, { ...this.#at(last), part: encodePart(last) })
  }

  #of(place: Place): Part[] {
    return this.#parts.filter((part) => part.place === place)
  }

  #at(part: Part): Extra {
    const { id, index } = this.place
    const position = part.place === 'summary' ? 'summary_index' : 'content_index'
    return { item_id: id, output_index: index, [position]: part.index }
  }

  #item(): Extra {
    const content = this.#of('content').map(encodePart)
    return {
      ...this.#own,
      id: this.place.id,
      type: 'reasoning',
      summary: this.#of('summary').map(encodePart),
      ...(content.length > 0 && { content }),
    }
  }
}

function encodePart({ place, text }: Part): Extra {
  return { type: place === 'summary' ? 'summary_text' : 'reasoning_text', text }
}
