const floatBytes = 4

/** A vector as numbers or as base64 of little-endian 32-bit floats; undefined when it is neither. */
export function floatsOf(value: unknown): number[] | undefined {
  if (Array.isArray(value)) {
    return value.length > 0 && value.every((item) => typeof item === 'number') ? value : undefined
  }
  if (typeof value !== 'string') return undefined
  const bytes = Buffer.from(value, 'base64')
  if (bytes.length === 0 || bytes.length % floatBytes !== 0) return undefined
  return Array.from({ length: bytes.length / floatBytes }, (_, index) =>
    bytes.readFloatLE(index * floatBytes),
  )
}

export function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * floatBytes)
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * floatBytes)
  return bytes.toString('base64')
}
