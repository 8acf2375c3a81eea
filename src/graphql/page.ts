import { invalidRequest, type GatewayError } from '../errors.ts'

export const pageSizeDefault = 20
export const pageSizeMax = 100

/** A place in a list that is sorted by time and id. */
export interface Position {
  createdAtMs: number
  id: string
}

/** How many items to read for `first`; too many is an error, never a silently shorter page. */
export function pageSize(first: number | null | undefined): number {
  const size = first ?? pageSizeDefault
  if (size >= 1 && size <= pageSizeMax) return size
  throw invalidRequest('first', `\`first\` must be from 1 to ${pageSizeMax}, the maximum.`)
}

function encodeCursor({ createdAtMs, id }: Position): string {
  return Buffer.from(`${createdAtMs} ${id}`).toString('base64url')
}

export function decodeCursor(cursor: string): Position {
  const match = /^(\d{1,15}) ([\x21-\x7e]{1,200})$/.exec(
    Buffer.from(cursor, 'base64url').toString(),
  )
  const [, createdAtMs, id] = match ?? []
  if (createdAtMs === undefined || id === undefined) throw badCursor()
  return { createdAtMs: Number(createdAtMs), id }
}

/** A page from one item more than was asked for. */
export function pageOf<T>(
  rows: readonly T[],
  size: number,
  options: { after: string | null | undefined; position: (row: T) => Position },
): {
  edges: { cursor: string; node: T }[]
  pageInfo: {
    hasNextPage: boolean
    hasPreviousPage: boolean
    startCursor: string | null
    endCursor: string | null
  }
} {
  const edges = rows
    .slice(0, size)
    .map((node) => ({ cursor: encodeCursor(options.position(node)), node }))
  return {
    edges,
    pageInfo: {
      hasNextPage: rows.length > size,
      hasPreviousPage: options.after != null,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  }
}

function badCursor(): GatewayError {
  return invalidRequest('after', '`after` must be a cursor that a page of this list gave.')
}
