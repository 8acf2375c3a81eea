/** Whether Postgres takes a text: it has no NUL and no half of a surrogate pair. */
export function isStorableText(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}

/** The same value with U+FFFD for every character that Postgres refuses, in all texts and names of members. */
export function storable<T>(value: T): T {
  // Texts become texts and everything else stays: the type is what it was.
  const known: unknown = value
  if (typeof known === 'string') return (isStorableText(known) ? known : mended(known)) as T
  if (Array.isArray(known)) return known.map((member: unknown) => storable(member)) as T
  if (typeof known !== 'object' || known === null || !isPlain(known)) return value
  return Object.fromEntries(
    Object.entries(known).map(([name, member]) => [storable(name), storable(member)]),
  ) as T
}

function mended(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd')
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
