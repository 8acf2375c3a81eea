import type { Annotation } from '../../protocol/event.ts'
import { isRecord, text } from '../narrow.ts'
import { anthropicMessages } from './dialect.ts'

/** What stands behind a piece of text; of a page's citation the source is read as well. */
export function decodeCitation(raw: unknown): Annotation {
  const annotation: Annotation = { dialect: anthropicMessages, raw }
  if (!isRecord(raw)) return annotation
  const url = text(raw['url']) ?? pageOf(raw['source'])
  const title = text(raw['title']) ?? text(raw['document_title'])
  if (url !== undefined) annotation.url = url
  if (title !== undefined) annotation.title = title
  return annotation
}

/** As it came, or as a citation of a page that was found; what is neither has no words here. */
export function encodeCitation({ dialect, raw, url, title }: Annotation): unknown {
  if (dialect === anthropicMessages) return raw
  if (url === undefined) return undefined
  return {
    type: 'web_search_result_location',
    url,
    title: title ?? null,
    cited_text: '',
    encrypted_index: '',
  }
}

/** The source of a search result is a page or a name of the client's own. */
function pageOf(source: unknown): string | undefined {
  return typeof source === 'string' && /^https?:/.test(source) ? source : undefined
}
