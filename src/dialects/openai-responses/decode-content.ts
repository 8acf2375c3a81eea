import { z } from 'zod'
import type { ContentPart, Extra } from '../../protocol/request.ts'
import { imageFault } from '../../lib/image-data.ts'
import { unread, unreadNested } from '../narrow.ts'
import { check, invalidMember, quoted } from '../openai-chat/check.ts'

/** The content of an item: a string, or a list of parts. */
export function decodeContent(content: unknown, path: string): ContentPart[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  if (!Array.isArray(content)) {
    throw invalidMember(path, 'expected a string or an array of content parts')
  }
  return content.map((part: unknown, index) => decodePart(part, `${path}[${index}]`))
}

function decodePart(raw: unknown, path: string): ContentPart {
  const { type } = check(typeSchema, raw, path)
  const decode = decoders.get(type)
  if (decode) return decode(raw, path)
  throw invalidMember(
    `${path}.type`,
    `${quoted(type)} is not a kind of content; use one of ${[...decoders.keys()].join(', ')}`,
  )
}

const decoders: ReadonlyMap<string, (raw: unknown, path: string) => ContentPart> = new Map([
  ['input_text', decodeText],
  ['output_text', decodeText],
  ['refusal', decodeRefusal],
  ['input_image', decodeImage],
  ['input_file', decodeFile],
  ['input_audio', decodeAudio],
])

const url = z.string().regex(/^(https?|data):/i, 'expected an https: or data: URL')

const typeSchema = z.looseObject({ type: z.string() })
const textSchema = z.looseObject({ text: z.string() })
const refusalSchema = z.looseObject({ refusal: z.string() })
const imageSchema = z.looseObject({
  image_url: url.nullish(),
  file_id: z.string().min(1).nullish(),
  detail: z.string().nullish(),
})
const fileSchema = z.looseObject({
  file_id: z.string().min(1).nullish(),
  file_data: z.string().min(1).nullish(),
  file_url: url.nullish(),
  filename: z.string().nullish(),
})
const audioSchema = z.looseObject({
  input_audio: z.looseObject({ data: z.string(), format: z.string() }),
})

const audioMembers = { outer: new Set(['type', 'input_audio']), inner: new Set(['data', 'format']) }

function decodeText(raw: unknown, path: string): ContentPart {
  const part = check(textSchema, raw, path)
  return withExtra({ type: 'text', text: part.text }, unread(part, new Set(['type', 'text'])))
}

function decodeRefusal(raw: unknown, path: string): ContentPart {
  const part = check(refusalSchema, raw, path)
  const extra = unread(part, new Set(['type', 'refusal']))
  return withExtra({ type: 'refusal', text: part.refusal }, extra)
}

function decodeImage(raw: unknown, path: string): ContentPart {
  const part = check(imageSchema, raw, path)
  const { image_url: address, file_id: fileId } = part
  if ((address == null) === (fileId == null)) {
    throw invalidMember(path, 'expected either image_url or file_id')
  }
  const fault = imageFault(address ?? '')
  if (fault !== undefined) throw invalidMember(`${path}.image_url`, fault)
  const detail = part.detail != null && { detail: part.detail }
  const image: ContentPart =
    fileId != null
      ? { type: 'image', fileId, ...detail }
      : { type: 'image', url: address ?? '', ...detail }
  return withExtra(image, unread(part, new Set(['type', 'image_url', 'file_id', 'detail'])))
}

function decodeFile(raw: unknown, path: string): ContentPart {
  const part = check(fileSchema, raw, path)
  const { file_id: fileId, file_data: data, file_url: address, filename } = part
  if ([fileId, data, address].filter((source) => source != null).length !== 1) {
    throw invalidMember(path, 'expected one of file_id, file_data and file_url')
  }
  const name = filename != null && { name: filename }
  const file: ContentPart =
    fileId != null
      ? { type: 'file', fileId, ...name }
      : { type: 'file', url: address ?? dataUrl(data ?? '', filename), ...name }
  const read = new Set(['type', 'file_id', 'file_data', 'file_url', 'filename'])
  return withExtra(file, unread(part, read))
}

function decodeAudio(raw: unknown, path: string): ContentPart {
  const part = check(audioSchema, raw, path)
  const { data, format } = part.input_audio
  return withExtra({ type: 'audio', data, format }, unreadNested(part, 'input_audio', audioMembers))
}

/** The data may come as bare base64, whose kind only the file's name tells. */
function dataUrl(data: string, filename: string | null | undefined): string {
  if (/^data:/i.test(data)) return data
  const ending = /\.([a-z0-9]+)$/i.exec(filename ?? '')?.[1]?.toLowerCase() ?? ''
  return `data:${mediaTypes.get(ending) ?? 'application/octet-stream'};base64,${data}`
}

const mediaTypes: ReadonlyMap<string, string> = new Map([
  ['pdf', 'application/pdf'],
  ['txt', 'text/plain'],
  ['md', 'text/markdown'],
  ['csv', 'text/csv'],
  ['html', 'text/html'],
  ['json', 'application/json'],
])

function withExtra(part: ContentPart, extra: Extra | undefined): ContentPart {
  return extra ? { ...part, extra } : part
}
