import type { Annotation } from '../../protocol/event.ts'
import { isRecord, text } from '../narrow.ts'
import { openaiChat } from './dialect.ts'

/** An annotation of an answer; of a page's citation the source is read as well. */
export function decodeAnnotation(raw: unknown): Annotation {
  const annotation: Annotation = { dialect: openaiChat, raw }
  const citation = isRecord(raw) ? raw['url_citation'] : undefined
  if (!isRecord(citation)) return annotation
  annotation.url = text(citation['url'])
  annotation.title = text(citation['title'])
  annotation.startIndex = position(citation['start_index'])
  annotation.endIndex = position(citation['end_index'])
  return annotation
}

/** As it came, or as a citation of a page; what is neither is shown in its own dialect's words. */
export function encodeAnnotation({ dialect, raw, ...source }: Annotation): unknown {
  if (dialect === openaiChat || source.url === undefined) return raw
  const { url, title = '', startIndex = 0, endIndex = 0 } = source
  return {
    type: 'url_citation',
    url_citation: { url, title, start_index: startIndex, end_index: endIndex },
  }
}

function position(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
