import { isRecord } from '../narrow.ts'
import type { CacheMark, Extra } from '../../protocol/request.ts'

/** Takes the mark for the prompt cache out of members; one in a form that we do not know stays among them. */
export function takeCacheMark(members: Extra | undefined): {
  cache?: CacheMark
  extra?: Extra | undefined
} {
  const cache = cacheMark(members?.['cache_control'])
  if (!cache) return { extra: members }
  const { cache_control: _read, ...rest } = members ?? {}
  return { cache, ...(Object.keys(rest).length > 0 && { extra: rest }) }
}

export function encodeCacheMark({ ttl }: CacheMark): Extra {
  return { type: 'ephemeral', ...(ttl !== undefined && { ttl }) }
}

function cacheMark(value: unknown): CacheMark | undefined {
  if (!isRecord(value)) return undefined
  const { type, ttl, ...others } = value
  if (type !== 'ephemeral' || Object.keys(others).length > 0) return undefined
  if (ttl === undefined) return {}
  return typeof ttl === 'string' ? { ttl } : undefined
}
