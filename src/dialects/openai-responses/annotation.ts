import type { Annotation } from '../../protocol/event.ts'
import { isRecord, text } from '../narrow.ts'
import { openaiResponses } from './dialect.ts'

/** An annotation of an output text; of a page's citation the source is read as well. */
export function decodeAnnotation(raw: unknown): Annotation {
  const annotation: Annotation = { dialect: openaiResponses, raw }
  if (!isRecord(raw) || raw['type'] !== 'url_citation') return annotation
  annotation.url = text(raw['url'])
  annotation.title = text(raw['title'])
  annotation.startIndex = position(raw['start_index'])
  annotation.endIndex = position(raw['end_index'])
  return annotation
}

/** As it came, or as a citation of a page; what is neither is shown in its own dialect's words. */
export function encodeAnnotation({ dialect, raw, ...source }: Annotation): unknown {
  if (dialect === openaiResponses || source.url === undefined) return raw
  const { url, title = '', startIndex = 0, endIndex = 0 } = source
  return { type: 'url_citation', url, title, start_index: startIndex, end_index: endIndex }
}

function position(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
