import { LRUCache } from 'lru-cache'

/** The media types of a single answer in JSON. */
export type JsonType = 'application/json' | 'application/graphql-response+json'

/** The media type of a stream of events. */
export const eventStream = 'text/event-stream'

/** In which JSON a client takes its answer, chosen as Yoga does; undefined where it takes none. */
export function jsonTypeFor(accept: string | undefined): JsonType | undefined {
  const known = chosen.get(accept ?? '')
  if (known) return known
  const type = chooseJsonType(accept)
  if (type) chosen.set(accept ?? '', type)
  return type
}

/** Clients of a kind send the same words with every request. */
const chosen = new LRUCache<string, JsonType>({ max: 100 })

function chooseJsonType(accept: string | undefined): JsonType | undefined {
  for (const range of mediaRanges(accept)) {
    if (matches(range, 'application/json')) return 'application/json'
    if (matches(range, graphqlJson)) return graphqlJson
  }
  return undefined
}

/** Whether a client takes a stream of events. */
export function takesEvents(accept: string | undefined): boolean {
  return mediaRanges(accept).some((range) => matches(range, eventStream))
}

const graphqlJson = 'application/graphql-response+json'

/** The media ranges of `accept` in their order; one in another charset than UTF-8 is as if it were not there. */
export function mediaRanges(accept: string | undefined): string[] {
  const ranges = (accept || '*/*').replace(/\s/g, '').toLowerCase().split(',')
  return ranges.flatMap((range) => {
    const [type = '', ...parameters] = range.split(';')
    const charset = parameters.find((parameter) => parameter.includes('charset='))
    return charset === undefined || charset === 'charset=utf-8' ? [type] : []
  })
}

function matches(range: string, mediaType: string): boolean {
  const [type, subtype] = range.split('/')
  const [ownType, ownSubtype] = mediaType.split('/')
  return (type === '*' || type === ownType) && (subtype === '*' || subtype === ownSubtype)
}
