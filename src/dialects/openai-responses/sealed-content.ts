import { z } from 'zod'
import type { Extra, Signature } from '../../protocol/request.ts'
import { openaiResponses } from './dialect.ts'

/** What the `encrypted_content` of a reasoning item stands for. */
export interface SealedContent {
  signature?: Signature | undefined
  sealed?: Signature | undefined
  /** The signature is not of reasoning but of this call, of the text before, or of a text without words. */
  of?: { call: string } | 'text' | 'no-text' | undefined
  /** A part that only another dialect knows, which has no item of its own here. */
  native?: { dialect: string; part: Extra } | undefined
}

const mark = 'xrouter.1.'

const envelope = z.object({
  dialect: z.string().min(1),
  signature: z.string().optional(),
  sealed: z.string().optional(),
  call: z.string().optional(),
  text: z.boolean().optional(),
  no_text: z.boolean().optional(),
  native: z.record(z.string(), z.unknown()).optional(),
})

/** The provider's own value where it speaks this dialect; that of another one in an envelope that says whose it is. */
export function sealContent({ signature, sealed, of, native }: SealedContent): string | undefined {
  if (sealed?.dialect === openaiResponses && !signature && !of) return sealed.value
  const dialect = native?.dialect ?? sealed?.dialect ?? signature?.dialect
  if (dialect === undefined) return undefined
  const content: z.infer<typeof envelope> = {
    dialect,
    ...(signature && { signature: signature.value }),
    ...(sealed && { sealed: sealed.value }),
    ...(typeof of === 'object' && { call: of.call }),
    ...(of === 'text' && { text: true }),
    ...(of === 'no-text' && { no_text: true }),
    ...(native && { native: native.part }),
  }
  return mark + Buffer.from(JSON.stringify(content)).toString('base64url')
}

/** The opposite of `sealContent`; undefined for an envelope that cannot be read. */
export function openContent(value: string): SealedContent | undefined {
  if (!value.startsWith(mark)) return { sealed: { dialect: openaiResponses, value } }
  const read = envelope.safeParse(parsed(value.slice(mark.length)))
  if (!read.success) return undefined
  const { dialect, signature, sealed, call, text, no_text: noText, native } = read.data
  return {
    ...(signature !== undefined && { signature: { dialect, value: signature } }),
    ...(sealed !== undefined && { sealed: { dialect, value: sealed } }),
    ...(call !== undefined && { of: { call } }),
    ...(text === true && { of: 'text' }),
    ...(noText === true && { of: 'no-text' }),
    ...(native !== undefined && { native: { dialect, part: native } }),
  }
}

function parsed(base64url: string): unknown {
  try {
    return JSON.parse(Buffer.from(base64url, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}
