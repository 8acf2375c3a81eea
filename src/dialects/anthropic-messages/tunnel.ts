import type { Signature } from '../../protocol/request.ts'
import { anthropicMessages } from './dialect.ts'

const mark = 'xr1.'

/**
 * A signature as clients of this dialect carry it to the next turn: its own value, or another
 * dialect's with the dialect's name before it.
 */
export function encodeSignature({ dialect, value }: Signature): string {
  return dialect === anthropicMessages ? value : `${mark}${dialect}.${value}`
}

export function decodeSignature(text: string): Signature {
  const foreign = text.startsWith(mark)
    ? /^([a-z0-9-]+)\.(.*)$/s.exec(text.slice(mark.length))
    : null
  if (!foreign) return { dialect: anthropicMessages, value: text }
  const [, dialect = '', value = ''] = foreign
  return { dialect, value }
}
