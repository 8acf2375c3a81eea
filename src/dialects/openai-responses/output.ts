import type { Annotation, ChatEvent, PartStart, ReasoningDelta } from '../../protocol/event.ts'
import type { TextDelta, ToolCallStart } from '../../protocol/event.ts'
import type { Extra, Signature } from '../../protocol/request.ts'
import { text } from '../narrow.ts'
import { ownMembers } from '../own-members.ts'
import { isRawReasoning, itemMembers, openaiResponses } from './dialect.ts'
import { CallOut } from './output-call.ts'
import type { EmitFrame, ItemPlace } from './output-item.ts'
import { MessageOut } from './output-message.ts'
import { ReasoningOut } from './output-reasoning.ts'
import { type SealedContent, sealContent } from './sealed-content.ts'

type ItemOut = MessageOut | ReasoningOut | CallOut

export interface OutputOptions {
  /** The id of an item that has none of its provider. */
  itemId: (prefix: string, index: number) => string
  emit: EmitFrame
}

/** The output of an answer, item by item: what is streamed and what a whole answer holds is made here. */
export class Output {
  readonly #options: OutputOptions
  readonly #done: Extra[] = []
  readonly #open = new Set<ItemOut>()
  readonly #calls = new Map<number, CallOut>()
  #count = 0
  /** The item that was begun last. */
  #last: ItemOut | undefined
  /** A part began of which nothing is written yet. */
  #fresh: PartStart['kind'] | undefined
  /** The message with the text that was written last. */
  #text: MessageOut | undefined
  /** Annotations that came before their text. */
  #waiting: Annotation[] = []

  constructor(options: OutputOptions) {
    this.#options = options
  }

  /** The items that are complete, in their order. */
  get items(): Extra[] {
    return this.#done.filter((item) => item !== undefined)
  }

  add(event: ChatEvent): void {
    if ('choice' in event && event.choice !== 0) return
    switch (event.type) {
      case 'part-start':
        return this.#startPart(event)
      case 'text-delta':
        return this.#writeText('text', event)
      case 'refusal-delta':
        return this.#writeText('refusal', event)
      case 'reasoning-delta':
        return this.#writeReasoning(event)
      case 'annotations':
        return this.#annotate(event.annotations)
      case 'tool-call-start':
        return this.#startCall(event)
      case 'tool-call-delta':
        return this.#calls.get(event.index)?.write(event.argumentsDelta)
      case 'tool-call-end':
        return this.#endCall(event.index)
      case 'native-part':
        return this.#addNative(event.dialect, event.part)
      default:
    }
  }

  /** Closes what is open; of an answer that was cut off the last item is incomplete. */
  finish(status: 'completed' | 'incomplete'): void {
    this.#text?.annotate(this.#waiting.splice(0))
    const open = [...this.#open]
    for (const [index, item] of open.entries()) {
      this.#close(item, index === open.length - 1 ? status : 'completed')
    }
  }

  /** Parts of this dialect are told apart by their items; of others, texts in a row are one message. */
  #startPart({ kind, extra }: PartStart): void {
    this.#fresh = kind
    if (extra?.dialect !== openaiResponses) return
    this.#fresh = undefined
    const { item: _, ...members } = extra.members
    const own = itemMembers(extra.members)
    const last = this.#continued(own)
    if (kind !== 'reasoning') {
      const message = last?.kind === 'message' ? last : this.#openMessage(own)
      message.beginPart(kind, members)
      if (kind === 'text') this.#text = message
      return
    }
    const reasoning = last?.kind === 'reasoning' ? last : this.#openReasoning(own)
    if (members['place'] === undefined) return
    reasoning.beginPart(isRawReasoning(members) ? 'content' : 'summary')
  }

  #continued(own: Extra | undefined): MessageOut | ReasoningOut | undefined {
    const last = this.#last
    if (!own || !last || last.kind === 'call' || !this.#open.has(last)) return undefined
    return last.wireId === own['id'] ? last : undefined
  }

  #writeText(kind: 'text' | 'refusal', event: Omit<TextDelta, 'type'>): void {
    const { text: written, logprobs, signature } = event
    if (written === '' && !logprobs && !signature) return
    if (this.#fresh && written === '' && signature) return this.#signNothing(signature)
    const message = this.#openText()
    if (this.#fresh) message.beginPart(kind)
    this.#fresh = undefined
    if (written !== '' || logprobs) message.write(kind, written, logprobs)
    if (message.hasText) this.#text = message
    if (kind === 'text' && this.#waiting.length > 0) message.annotate(this.#waiting.splice(0))
    if (signature) message.signature = signature
  }

  /** Some sign a text without words, which would be an answer of its own to readers of JSON. */
  #signNothing(signature: Signature): void {
    this.#fresh = undefined
    this.#closeEnded()
    this.#last = undefined
    this.#addSeal({ signature, of: 'no-text' })
  }

  #writeReasoning({ text: thought, signature, sealed }: ReasoningDelta): void {
    if (thought === '' && !signature && !sealed) return
    const last = this.#last
    const open = last?.kind === 'reasoning' && this.#open.has(last) && !this.#fresh
    const reasoning = open ? last : this.#openReasoning()
    this.#fresh = undefined
    if (thought !== '') reasoning.write(thought)
    if (signature) reasoning.sealed = { ...reasoning.sealed, signature }
    if (sealed) reasoning.sealed = { ...reasoning.sealed, sealed }
  }

  #annotate(annotations: Annotation[]): void {
    const message = this.#text
    if (!message || this.#fresh === 'text') return void this.#waiting.push(...annotations)
    message.annotate(annotations)
    if (!this.#open.has(message)) this.#done[message.place.index] = message.item
  }

  #startCall(event: ToolCallStart): void {
    this.#closeEnded()
    const { signature, id } = event
    if (signature) this.#addSeal({ signature, of: { call: id } })
    const { id: wireId, ...own }: Extra = ownMembers(event.extra, openaiResponses) ?? {}
    const place = this.#place(event.kind === 'custom' ? 'ctc' : 'fc', wireId)
    const call = this.#begun(new CallOut({ place, own }, event, this.#options.emit))
    this.#calls.set(event.index, call)
  }

  #endCall(index: number): void {
    const call = this.#calls.get(index)
    if (call) call.ended = true
  }

  #addNative(dialect: string, part: Extra): void {
    this.#closeEnded()
    this.#last = undefined
    if (dialect !== openaiResponses) return this.#addSeal({ native: { dialect, part } })
    const { id, index } = this.#place('item', part['id'])
    this.#addItem(index, { ...part, id })
  }

  #openText(): MessageOut {
    const last = this.#last
    return last?.kind === 'message' && this.#open.has(last) ? last : this.#openMessage()
  }

  #openMessage(own?: Extra): MessageOut {
    this.#closeEnded()
    const place = this.#place('msg', own?.['id'])
    return this.#begun(new MessageOut(place, own, this.#options.emit))
  }

  #openReasoning(own?: Extra): ReasoningOut {
    this.#closeEnded()
    const place = this.#place('rs', own?.['id'])
    return this.#begun(new ReasoningOut(place, own, this.#options.emit))
  }

  #begun<Item extends ItemOut>(item: Item): Item {
    this.#open.add(item)
    this.#last = item
    return item
  }

  #place(prefix: string, id: unknown): ItemPlace {
    const index = this.#count++
    return { id: text(id) ?? this.#options.itemId(prefix, index), index }
  }

  /** What has ended stays open until something follows: only then it is known to be whole. */
  #closeEnded(): void {
    for (const item of [...this.#open]) if (item.ended) this.#close(item, 'completed')
  }

  #close(item: ItemOut, status: 'completed' | 'incomplete'): void {
    this.#open.delete(item)
    const { index } = item.place
    const closed = item.close(status)
    this.#done[index] = closed
    this.#options.emit('response.output_item.done', { output_index: index, item: closed })
    const signature = item.kind === 'message' ? item.signature : undefined
    if (signature) this.#addSeal({ signature, of: 'text' })
  }

  /** What has no place of its own goes out, and comes back, as reasoning that is sealed: no client looks into it. */
  #addSeal(content: SealedContent): void {
    const { id, index } = this.#place('rs', undefined)
    const encrypted_content = sealContent(content)
    this.#addItem(index, { id, type: 'reasoning', summary: [], encrypted_content })
  }

  #addItem(index: number, item: Extra): void {
    this.#done[index] = item
    this.#options.emit('response.output_item.added', { output_index: index, item })
    this.#options.emit('response.output_item.done', { output_index: index, item })
  }
}
