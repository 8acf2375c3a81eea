import { invalidRequest } from '../../errors.ts'
import type { ContentPart, Extra } from '../../protocol/request.ts'
import { readDataUrl } from '../data-url.ts'
import { unsupported } from './unsupported.ts'

type MediaPart = Extract<ContentPart, { type: 'image' | 'audio' | 'file' }>

/** A file as bytes in its message: the wire reads no addresses. */
export function encodeMedia(part: MediaPart, path: string): Extra {
  if (part.type === 'audio') {
    return { audio: { format: part.format, source: { bytes: part.data } } }
  }
  if ('fileId' in part) throw unsupported(path, 'it knows no files of other vendors')
  const { mediaType, data } = bytesOf(part.url, path)
  const type = mediaType === '' ? (part.mediaType ?? '') : mediaType
  if (part.type === 'image' || type.startsWith('image/')) {
    const format = imageFormats.get(type)
    if (format === undefined) throw unsupported(path, 'an image is png, jpeg, gif or webp')
    return { image: { format, source: { bytes: data } } }
  }
  const format = documentFormats.get(type)
  if (format === undefined) throw unsupported(path, `a document is none of ${type || 'no type'}`)
  return { document: { format, name: documentName(part.name), source: { bytes: data } } }
}

function bytesOf(url: string, path: string): { mediaType: string; data: string } {
  if (!/^data:/i.test(url)) throw unsupported(path, 'it reads no addresses: send the data itself')
  const read = readDataUrl(url)
  if (read) return read
  throw invalidRequest(
    path,
    `Invalid '${path}': it is no data: URL. Send data:<type>;base64,<data>.`,
  )
}

const imageFormats: ReadonlyMap<string, string> = new Map([
  ['image/png', 'png'],
  ['image/jpeg', 'jpeg'],
  ['image/jpg', 'jpeg'],
  ['image/gif', 'gif'],
  ['image/webp', 'webp'],
])

const documentFormats: ReadonlyMap<string, string> = new Map([
  ['application/pdf', 'pdf'],
  ['text/csv', 'csv'],
  ['application/msword', 'doc'],
  ['application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'docx'],
  ['application/vnd.ms-excel', 'xls'],
  ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'xlsx'],
  ['text/html', 'html'],
  ['text/plain', 'txt'],
  ['text/markdown', 'md'],
])

/** Few signs are allowed in it, and no two spaces in a row. */
function documentName(name = ''): string {
  const plain = name
    .replace(/\.[a-z\d]+$/i, '')
    .replace(/[^a-z\d\s\-()[\]]/gi, '-')
    .replace(/\s+/g, ' ')
    .trim()
  return plain.slice(0, 200) || 'document'
}
