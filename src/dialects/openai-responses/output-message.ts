import type { Annotation, TokenLogprob } from '../../protocol/event.ts'
import type { Extra, Signature } from '../../protocol/request.ts'
import { encodeLogprobs } from '../openai-chat/logprobs.ts'
import { encodeAnnotation } from './annotation.ts'
import type { EmitFrame, ItemPlace, ItemStatus } from './output-item.ts'

type PartKind = 'text' | 'refusal'

interface Part {
  kind: PartKind
  members: Extra
  text: string
  logprobs: Extra[]
  annotations: unknown[]
}

/** A message item while it is written; its frames are emitted as they come about. */
export class MessageOut {
  readonly kind = 'message'
  readonly place: ItemPlace
  /** It is whole as soon as another item begins. */
  readonly ended = true
  /** Of the text that was written last. */
  signature: Signature | undefined
  readonly #own: Extra | undefined
  readonly #emit: EmitFrame
  readonly #parts: Part[] = []
  #status: ItemStatus = 'in_progress'

  constructor(place: ItemPlace, own: Extra | undefined, emit: EmitFrame) {
    this.place = place
    this.#own = own
    this.#emit = emit
    emit('response.output_item.added', { output_index: place.index, item: this.item })
  }

  /** The id that the item has at its provider. */
  get wireId(): unknown {
    return this.#own?.['id']
  }

  beginPart(kind: PartKind, members: Extra = {}): Part {
    this.#endPart()
    const part: Part = { kind, members, text: '', logprobs: [], annotations: [] }
    this.#parts.push(part)
    this.#emit('response.content_part.added', { ...this.#at(), part: encodePart(part) })
    return part
  }

  write(kind: PartKind, delta: string, tokens: TokenLogprob[] | undefined): void {
    const part = this.#current(kind)
    const logprobs = tokens ? encodeLogprobs(tokens) : []
    part.text += delta
    part.logprobs.push(...logprobs)
    if (kind === 'refusal') this.#emit('response.refusal.delta', { ...this.#at(), delta })
    else this.#emit('response.output_text.delta', { ...this.#at(), delta, logprobs })
  }

  /** Adds to the text that was written last, even when another item was begun since. */
  annotate(annotations: readonly Annotation[]): void {
    const at = this.#parts.findLastIndex(({ kind }) => kind === 'text')
    const part = this.#parts[at]
    if (!part) return
    for (const annotation of annotations.map(encodeAnnotation)) {
      const members = { ...this.#at(at), annotation_index: part.annotations.length, annotation }
      part.annotations.push(annotation)
      this.#emit('response.output_text.annotation.added', members)
    }
  }

  get hasText(): boolean {
    return this.#parts.some(({ kind }) => kind === 'text')
  }

  close(status: ItemStatus): Extra {
    this.#endPart()
    this.#status = status
    return this.item
  }

  /** The item as it is by now. */
  get item(): Extra {
    const content = this.#parts.map(encodePart)
    const { id } = this.place
    return { ...this.#own, id, type: 'message', status: this.#status, role: 'assistant', content }
  }

  #current(kind: PartKind): Part {
    const last = this.#parts.at(-1)
    return last?.kind === kind ? last : this.beginPart(kind)
  }

  #endPart(): void {
    const last = this.#parts.at(-1)
    if (!last) return
    const { kind, text, logprobs } = last
    if (kind === 'refusal') this.#emit('response.refusal.done', { ...this.#at(), refusal: text })
    else this.#emit('response.output_text.done', { ...this.#at(), text, logprobs })
    this.#emit('response.content_part.done', { ...this.#at(), part: encodePart(last) })
  }

  #at(part = this.#parts.length - 1): Extra {
    const { id, index } = this.place
    return { item_id: id, output_index: index, content_index: part }
  }
}

function encodePart({ kind, members, text, logprobs, annotations }: Part): Extra {
  if (kind === 'refusal') return { ...members, type: 'refusal', refusal: text }
  const lists = { annotations: [...annotations], logprobs: [...logprobs] }
  return { ...members, type: 'output_text', ...lists, text }
}
