import { z } from 'zod'
import type { ContentPart, Extra } from '../../protocol/request.ts'
import { check, invalidMember, quoted } from './check.ts'
import { unread, unreadNested } from '../narrow.ts'
import { imageFault } from '../../lib/image-data.ts'
import { takeCacheMark } from './cache-mark.ts'

/** One content part as a client sends it. */
export function decodePart(raw: unknown, path: string): ContentPart {
  const { type } = check(typeSchema, raw, path)
  const decode = decoders.get(type)
  if (decode) return decode(raw, path)
  throw invalidMember(
    `${path}.type`,
    `${quoted(type)} is not a kind of content; use one of ${[...decoders.keys()].join(', ')}`,
  )
}

const decoders: ReadonlyMap<string, (raw: unknown, path: string) => ContentPart> = new Map([
  ['text', decodeText],
  ['refusal', decodeRefusal],
  ['image_url', decodeImage],
  ['input_audio', decodeAudio],
  ['file', decodeFile],
])

const url = z.string().regex(/^(https?|data):/i, 'expected an https: or data: URL')

const typeSchema = z.looseObject({ type: z.string() })
const textSchema = z.looseObject({ type: z.string(), text: z.string() })
const refusalSchema = z.looseObject({ type: z.string(), refusal: z.string() })
const imageSchema = z.looseObject({
  type: z.string(),
  image_url: z.looseObject({
    url: url.nullish(),
    file_id: z.string().min(1).nullish(),
    detail: z.string().nullish(),
  }),
})
const audioSchema = z.looseObject({
  type: z.string(),
  input_audio: z.looseObject({ data: z.string(), format: z.string() }),
})
const fileSchema = z.looseObject({
  type: z.string(),
  file: z.looseObject({
    file_id: z.string().min(1).nullish(),
    file_data: url.nullish(),
    filename: z.string().nullish(),
  }),
})

const read = {
  text: new Set(['type', 'text']),
  refusal: new Set(['type', 'refusal']),
  image: { outer: new Set(['type', 'image_url']), inner: new Set(['url', 'file_id', 'detail']) },
  audio: { outer: new Set(['type', 'input_audio']), inner: new Set(['data', 'format']) },
  file: {
    outer: new Set(['type', 'file']),
    inner: new Set(['file_id', 'file_data', 'filename']),
  },
}

function decodeText(raw: unknown, path: string): ContentPart {
  const part = check(textSchema, raw, path)
  return withExtra({ type: 'text', text: part.text }, unread(part, read.text))
}

function decodeRefusal(raw: unknown, path: string): ContentPart {
  const part = check(refusalSchema, raw, path)
  return withExtra({ type: 'refusal', text: part.refusal }, unread(part, read.refusal))
}

function decodeImage(raw: unknown, path: string): ContentPart {
  const part = check(imageSchema, raw, path)
  const { url: address, file_id: fileId, detail } = part.image_url
  if ((fileId == null) === (address == null)) {
    throw invalidMember(`${path}.image_url.url`, 'expected a string, or file_id in its place')
  }
  const fault = imageFault(address ?? '')
  if (fault !== undefined) throw invalidMember(`${path}.image_url.url`, fault)
  const source = fileId != null ? { fileId } : { url: address ?? '' }
  const image: ContentPart = { type: 'image', ...source, ...(detail != null && { detail }) }
  return withExtra(image, unreadNested(part, 'image_url', read.image))
}

function decodeAudio(raw: unknown, path: string): ContentPart {
  const part = check(audioSchema, raw, path)
  const { data, format } = part.input_audio
  return withExtra({ type: 'audio', data, format }, unreadNested(part, 'input_audio', read.audio))
}

function decodeFile(raw: unknown, path: string): ContentPart {
  const part = check(fileSchema, raw, path)
  const { file_id: fileId, file_data: data, filename } = part.file
  if ((fileId == null) === (data == null)) {
    throw invalidMember(`${path}.file`, 'expected either file_id or file_data')
  }
  const name = filename != null && { name: filename }
  const file: ContentPart =
    fileId != null ? { type: 'file', fileId, ...name } : { type: 'file', url: data ?? '', ...name }
  return withExtra(file, unreadNested(part, 'file', read.file))
}

function withExtra(part: ContentPart, members: Extra | undefined): ContentPart {
  const { cache, extra } = takeCacheMark(members)
  return cache || extra ? { ...part, ...(cache && { cache }), ...(extra && { extra }) } : part
}
