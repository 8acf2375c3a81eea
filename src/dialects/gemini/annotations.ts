import type { Annotation } from '../../protocol/event.ts'
import { isRecord, text } from '../narrow.ts'
import { gemini } from './dialect.ts'

type Members = Record<string, unknown>

/** The sources of a candidate that said `said`: what it was grounded on, and what it quotes. */
export function annotationsOf(candidate: Members, said: string): Annotation[] {
  const bytes = Buffer.from(said)
  const { groundingMetadata, citationMetadata } = candidate
  return [
    ...(isRecord(groundingMetadata) ? groundings(groundingMetadata, bytes) : []),
    ...(isRecord(citationMetadata) ? citations(citationMetadata, bytes) : []),
  ]
}

/** Each piece of text with each of its sources, then the sources that no piece names. */
function groundings(metadata: Members, said: Buffer): Annotation[] {
  const chunks = listOf(metadata['groundingChunks'])
  const named = new Set<number>()
  const placed = listOf(metadata['groundingSupports']).flatMap((support) => {
    const segment = isRecord(support['segment']) ? support['segment'] : {}
    return indicesOf(support).flatMap((index) => {
      const chunk = chunks[index]
      named.add(index)
      return chunk ? [{ ...grounding(chunk, support), ...placeOf(segment, said) }] : []
    })
  })
  const rest = chunks.filter((_, index) => !named.has(index)).map((chunk) => grounding(chunk))
  return [...placed, ...rest]
}

function grounding(chunk: Members, support?: Members): Annotation {
  const source = [chunk['web'], chunk['retrievedContext'], chunk['maps']].find(isRecord) ?? {}
  return {
    dialect: gemini,
    raw: { groundingChunk: chunk, ...(support && { groundingSupport: support }) },
    ...sourceOf(source),
  }
}

function citations(metadata: Members, said: Buffer): Annotation[] {
  const list = metadata['citations'] ?? metadata['citationSources']
  return listOf(list).map((citation) => ({
    dialect: gemini,
    raw: { citation },
    ...sourceOf(citation),
    ...placeOf(citation, said),
  }))
}

function sourceOf(source: Members): Pick<Annotation, 'url' | 'title'> {
  const url = text(source['uri'])
  const title = text(source['title'])
  return { ...(url !== undefined && { url }), ...(title !== undefined && { title }) }
}

/** The wire counts bytes; a place whose words are not there is looked for, or left out. */
function placeOf(segment: Members, said: Buffer): Pick<Annotation, 'startIndex' | 'endIndex'> {
  const { startIndex: start = 0, endIndex: end, text: words } = segment
  if (typeof start !== 'number' || typeof end !== 'number') return {}
  const before = said.subarray(0, start).toString()
  const piece = said.subarray(start, end).toString()
  if (words === undefined || words === piece) {
    return { startIndex: before.length, endIndex: before.length + piece.length }
  }
  const found = typeof words === 'string' ? said.toString().indexOf(words) : -1
  return found < 0 || typeof words !== 'string'
    ? {}
    : { startIndex: found, endIndex: found + words.length }
}

function indicesOf(support: Members): number[] {
  const indices = support['groundingChunkIndices']
  return Array.isArray(indices) ? indices.filter((index) => typeof index === 'number') : []
}

function listOf(value: unknown): Members[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}
