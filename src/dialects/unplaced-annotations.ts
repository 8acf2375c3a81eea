import type { Annotation } from '../protocol/event.ts'
import type { ResponseChoice } from '../protocol/response.ts'

/** Annotations that came before the text that they are about. */
export function unplacedAnnotations({ parts, annotations }: ResponseChoice): Annotation[] {
  const placed = new Set(
    parts.flatMap((part) => (part.type === 'text' ? (part.annotations ?? []) : [])),
  )
  return annotations.filter((annotation) => !placed.has(annotation))
}
