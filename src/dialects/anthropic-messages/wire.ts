import { isRecord } from '../narrow.ts'
import type { CacheMark, Extra } from '../../protocol/request.ts'

/** Sets a member that has a value. */
export function set(target: Extra, member: string, value: unknown): void {
  if (value !== undefined) target[member] = value
}

/** A mark for the prompt cache, as blocks and tools carry it. */
export function encodeCache({ ttl }: CacheMark): Extra {
  return { type: 'ephemeral', ...(ttl !== undefined && { ttl }) }
}

/** The mark of a block; one with members that are not ours stays among the extras. */
export function decodeCache(raw: unknown): CacheMark | undefined {
  if (!isRecord(raw) || raw['type'] !== 'ephemeral') return undefined
  const { type: _, ttl, ...others } = raw
  if (Object.keys(others).length > 0) return undefined
  if (ttl === undefined) return {}
  return typeof ttl === 'string' ? { ttl } : undefined
}

export function dataUrl(mediaType: string, data: string): string {
  return `data:${mediaType};base64,${data}`
}
