const mark = 'gAAAAAsimulated'

/** What the model thought, sealed together with the id of its item. */
export function seal(id: string): string {
  return mark + Buffer.from(id).toString('base64url')
}

/** The id inside; undefined for what was not sealed here. */
export function sealedId(sealed: string): string | undefined {
  if (!sealed.startsWith(mark)) return undefined
  return Buffer.from(sealed.slice(mark.length), 'base64url').toString('utf8')
}
