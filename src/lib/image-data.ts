/** More than any provider takes of one image. */
export const imageBytesMax = 20 * 1024 ** 2

/** What is wrong with an image that came with its bytes, for its sender; undefined where nothing is. */
export function imageFault(url: string): string | undefined {
  if (!/^data:/i.test(url)) return undefined
  const comma = url.indexOf(',')
  const [type = '', ...options] = url.slice('data:'.length, comma).toLowerCase().split(';')
  if (comma < 0 || comma > headCharsMax) return 'it is no data: URL; use data:image/png;base64,…'
  if (!imageTypes.has(type)) {
    return `its media type is not one of ${[...imageTypes].join(', ')}`
  }
  const chars = url.length - comma - 1
  const bytes = options.includes('base64') ? Math.floor((chars * 3) / 4) : chars
  if (bytes === 0) return 'the image is empty'
  if (bytes <= imageBytesMax) return undefined
  return `the image has ${bytes} bytes, and at most ${imageBytesMax} are taken; make it smaller or send its URL`
}

const headCharsMax = 200

/** Those that any provider reads. */
const imageTypes: ReadonlySet<string> = new Set(
  ['png', 'jpeg', 'jpg', 'gif', 'webp', 'bmp', 'tiff', 'heic', 'heif', 'avif', 'svg+xml'].map(
    (kind) => `image/${kind}`,
  ),
)
