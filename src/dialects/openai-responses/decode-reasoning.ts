import { z } from 'zod'
import type { ContentPart, Extra } from '../../protocol/request.ts'
import { unread } from '../narrow.ts'
import { check } from '../openai-chat/check.ts'
import { assistantTurn, type Turns } from './turns.ts'
import { openContent, type SealedContent } from './sealed-content.ts'

/** A reasoning item: the parts of its summary, of its content, and what only its provider can read. */
export function decodeReasoning(turns: Turns, raw: unknown, path: string): void {
  const item = check(schema, raw, path)
  const { encrypted_content: encrypted } = item
  const content = encrypted == null || encrypted === '' ? {} : openContent(encrypted)
  if (!content) {
    turns.warnings.push(
      `\`${path}.encrypted_content\` is left out: it is not as this gateway wrote it.`,
    )
  }
  if (content?.native) {
    return void assistantTurn(turns).parts.push({ type: 'native', ...content.native })
  }
  if (content?.of !== undefined) return applySignature(turns, content)
  const own: Extra = unread(item, read) ?? {}
  const parts: ContentPart[] = [
    ...(item.summary ?? []).map(({ text }) => part(text, { item: own })),
    ...(item.content ?? []).map(({ text }) => part(text, { item: own, place: 'content' })),
  ]
  const { signature, sealed } = content ?? {}
  if (parts.length === 0 && !signature && !sealed) return
  const last = parts.pop() ?? part('', { item: own })
  parts.push({ ...last, ...(signature && { signature }), ...(sealed && { sealed }) })
  assistantTurn(turns).parts.push(...parts)
}

const texts = z.array(z.looseObject({ text: z.string() })).nullish()
const schema = z.looseObject({
  summary: texts,
  content: texts,
  encrypted_content: z.string().nullish(),
})

const read: ReadonlySet<string> = new Set(['type', ...Object.keys(schema.shape)])

function part(text: string, extra: Extra): ContentPart & { type: 'reasoning' } {
  return { type: 'reasoning', text, extra }
}

/** A signature of a call comes before it, that of a text after it. */
function applySignature(turns: Turns, { of, signature }: SealedContent): void {
  if (!signature) return
  if (typeof of === 'object') return void turns.signatures.set(of.call, signature)
  const { parts } = assistantTurn(turns)
  if (of === 'no-text') return void parts.push({ type: 'text', text: '', signature })
  const at = parts.findLastIndex(({ type }) => type === 'text')
  const text = parts[at]
  if (text?.type === 'text') parts[at] = { ...text, signature }
}
