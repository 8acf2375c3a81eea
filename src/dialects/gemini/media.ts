import { invalidRequest } from '../../errors.ts'
import type { ContentPart, Extra, FileSource } from '../../protocol/request.ts'
import { readDataUrl } from '../data-url.ts'

type MediaPart = Extract<ContentPart, { type: 'image' | 'audio' | 'file' }>

/** A file in a part: its bytes where the request has them, else the address from which the service reads it. */
export function encodeMedia(part: MediaPart, path: string): Extra {
  if (part.type === 'audio') {
    return { inlineData: { mimeType: `audio/${part.format}`, data: part.data } }
  }
  return 'fileId' in part ? fileData(uploadedUri(part.fileId)) : encodeUrl(part, path)
}

function encodeUrl({ url, mediaType }: Extract<FileSource, { url: string }>, path: string): Extra {
  return /^data:/i.test(url)
    ? { inlineData: inlineData(url, { mediaType, path }) }
    : fileData(url, mediaType ?? mediaTypeOf(url))
}

function fileData(fileUri: string, mimeType?: string): Extra {
  return { fileData: { ...(mimeType !== undefined && { mimeType }), fileUri } }
}

/** The service names an uploaded file `files/…` and wants its whole address back. */
function uploadedUri(id: string): string {
  return /^[a-z]+:\/\//.test(id) ? id : `https://generativelanguage.googleapis.com/v1beta/${id}`
}

function inlineData(
  url: string,
  { mediaType, path }: { mediaType: string | undefined; path: string },
): Extra {
  const read = readDataUrl(url)
  if (!read) {
    throw invalidRequest(
      path,
      `Invalid '${path}': it is no data: URL. Send data:<type>;base64,<data>.`,
    )
  }
  return { mimeType: read.mediaType || mediaType || 'text/plain', data: read.data }
}

function mediaTypeOf(url: string): string | undefined {
  const [, host = '', pathname = ''] = /^[a-z]+:\/\/([^/?#]*)([^?#]*)/i.exec(url) ?? []
  if (/(^|\.)(youtube\.com|youtu\.be)$/i.test(host)) return 'video/mp4'
  return mediaTypes.get(pathname.split('.').at(-1)?.toLowerCase() ?? '')
}

const mediaTypes: ReadonlyMap<string, string> = new Map([
  ['png', 'image/png'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['webp', 'image/webp'],
  ['gif', 'image/gif'],
  ['heic', 'image/heic'],
  ['heif', 'image/heif'],
  ['pdf', 'application/pdf'],
  ['txt', 'text/plain'],
  ['md', 'text/markdown'],
  ['csv', 'text/csv'],
  ['html', 'text/html'],
  ['json', 'application/json'],
  ['mp3', 'audio/mpeg'],
  ['wav', 'audio/wav'],
  ['mp4', 'video/mp4'],
  ['mov', 'video/quicktime'],
  ['webm', 'video/webm'],
])
