import { z } from 'zod'
import type { ContentPart, Extra, FileSource } from '../../protocol/request.ts'
import { imageFault } from '../../lib/image-data.ts'
import { isRecord, unread } from '../narrow.ts'
import { check, invalidMember, quoted } from '../openai-chat/check.ts'
import { anthropicMessages } from './dialect.ts'
import { decodeSignature, openPart } from './tunnel.ts'
import { dataUrl, decodeCache } from './wire.ts'

/** A string, or a list of blocks none of which is a call or a result. */
export function decodeParts(content: unknown, path: string): ContentPart[] {
  return blocksOf(content, path).map(({ block, path: at }) => decodePart(block, at))
}

export interface PlacedBlock {
  block: Block
  path: string
}

export type Block = { type: string } & Extra

/** The blocks of a content, of which a string is one of text. */
export function blocksOf(content: unknown, path: string): PlacedBlock[] {
  if (typeof content === 'string') return [{ block: { type: 'text', text: content }, path }]
  if (!Array.isArray(content)) throw invalidMember(path, 'expected a string or an array of blocks')
  return content.map((raw: unknown, index) => {
    const at = `${path}[${index}]`
    return { block: check(blockSchema, raw, at), path: at }
  })
}

/** One block; kinds that only this wire knows stay as they came. */
export function decodePart(block: Block, path: string): ContentPart {
  const read = Object.hasOwn(readers, block.type) ? readers[block.type] : undefined
  const part = read?.(block, path)
  if (part === undefined) {
    if (!isKnown(block.type)) {
      throw invalidMember(`${path}.type`, `${quoted(block.type)} is not a kind of content`)
    }
    return { type: 'native', dialect: anthropicMessages, part: block }
  }
  const cache = decodeCache(block['cache_control'])
  const { extra, ...members } = part
  const rest = cache ? extra : withMark(extra, block['cache_control'])
  return { ...members, ...(cache && { cache }), ...(rest && { extra: rest }) }
}

/** Kinds that have no place in our words; those of tools that the provider runs have names in common. */
function isKnown(type: string): boolean {
  return kinds.has(type) || /^[a-z_]+_tool_(use|result)$/.test(type)
}

const kinds: ReadonlySet<string> = new Set([
  'compaction',
  'container_upload',
  'document',
  'fallback',
  'mcp_tool_listing',
  'search_result',
  'tool_addition',
  'tool_reference',
  'tool_removal',
])

type Reader = (block: Block, path: string) => ContentPart | undefined

const blockSchema = z.looseObject({ type: z.string().min(1) })
const textSchema = z.looseObject({ text: z.string(), signature: z.string().nullish() })
const thinkingSchema = z.looseObject({ thinking: z.string(), signature: z.string().nullish() })
const redactedSchema = z.looseObject({ data: z.string().min(1) })
const url = z.string().regex(/^https?:/i, 'expected an https: URL')
const sourceSchema = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('base64'), media_type: z.string().min(1), data: z.string() }),
  z.looseObject({ type: z.literal('text'), data: z.string() }),
  z.looseObject({ type: z.literal('url'), url }),
  z.looseObject({ type: z.literal('file'), file_id: z.string().min(1) }),
])

const readers: Record<string, Reader | undefined> = {
  text: (block, path) => {
    const { text, signature } = check(textSchema, block, path)
    return {
      type: 'text',
      text,
      ...(signature != null && { signature: decodeSignature(signature) }),
      ...withExtra(block, ['text', 'signature']),
    }
  },
  thinking: (block, path) => {
    const { thinking, signature } = check(thinkingSchema, block, path)
    const signed = signature != null && signature !== ''
    return {
      type: 'reasoning',
      text: thinking,
      ...(signed && { signature: decodeSignature(signature) }),
      ...withExtra(block, ['thinking', 'signature']),
    }
  },
  redacted_thinking: (block, path) => {
    const { data } = check(redactedSchema, block, path)
    const foreign = openPart(data)
    if (foreign) return { type: 'native', ...foreign }
    const sealed = decodeSignature(data)
    return { type: 'reasoning', text: '', sealed, ...withExtra(block, ['data']) }
  },
  image: (block, path) => {
    const source = check(sourceSchema, block['source'], `${path}.source`)
    const file = fileSource(source)
    const fault = 'url' in file ? imageFault(file.url) : undefined
    if (fault !== undefined) throw invalidMember(`${path}.source`, fault)
    return { type: 'image', ...file, ...withExtra(block, ['source']) }
  },
  document: (block, path) => {
    // A document of blocks is no file.
    if (isRecord(block['source']) && block['source']['type'] === 'content') return undefined
    const source = check(sourceSchema, block['source'], `${path}.source`)
    const title = typeof block['title'] === 'string' ? block['title'] : undefined
    return {
      type: 'file',
      ...fileSource(source),
      ...(title !== undefined && { name: title }),
      ...withExtra(block, title === undefined ? ['source'] : ['source', 'title']),
    }
  },
}

function fileSource(source: z.infer<typeof sourceSchema>): FileSource {
  switch (source.type) {
    case 'base64':
      return { url: dataUrl(source.media_type, source.data) }
    case 'text':
      return { url: dataUrl('text/plain', Buffer.from(source.data).toString('base64')) }
    case 'url':
      return { url: source.url }
    case 'file':
      return { fileId: source.file_id }
    default:
      return source satisfies never
  }
}

function withExtra(block: Block, members: string[]): { extra?: Extra } {
  const extra = unread(block, new Set(['type', 'cache_control', ...members]))
  return extra ? { extra } : {}
}

/** A mark in a form that is not ours goes as it came. */
function withMark(extra: Extra | undefined, mark: unknown): Extra | undefined {
  return mark === undefined ? extra : { ...extra, cache_control: mark }
}
