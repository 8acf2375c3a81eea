/** A `data:` URL in its parts; the data is base64 whatever form the URL has, and undefined is none. */
export function readDataUrl(url: string): { mediaType: string; data: string } | undefined {
  const match = /^data:([^,;]*)((?:;[^,;]*)*),(.*)$/is.exec(url)
  if (!match) return undefined
  const [, mediaType = '', parameters = '', written = ''] = match
  const isBase64 = /;base64$/i.test(parameters)
  const data = isBase64 ? written : Buffer.from(percentDecoded(written)).toString('base64')
  return { mediaType: mediaType.toLowerCase(), data }
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
