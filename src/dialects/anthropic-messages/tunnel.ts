import type { Extra, Signature } from '../../protocol/request.ts'
import { isRecord } from '../narrow.ts'
import { anthropicMessages } from './dialect.ts'

const mark = 'xr1.'
const partMark = 'xr1p.'

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

/** A part that only another dialect knows, as a block that clients carry to the next turn unread. */
export function sealPart(dialect: string, part: Extra): Extra {
  const value = Buffer.from(JSON.stringify(part)).toString('base64url')
  return { type: 'redacted_thinking', data: `${partMark}${dialect}.${value}` }
}

/** The opposite of `sealPart`; undefined for what it did not make. */
export function openPart(data: string): { dialect: string; part: Extra } | undefined {
  const [, dialect, value] = /^xr1p\.([a-z0-9-]+)\.([\w-]+)$/.exec(data) ?? []
  if (dialect === undefined || value === undefined) return undefined
  try {
    const part: unknown = JSON.parse(Buffer.from(value, 'base64url').toString('utf8'))
    return isRecord(part) ? { dialect, part } : undefined
  } catch {
    return undefined
  }
}
