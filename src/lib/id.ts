import { randomUUID } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** A new id such as `req_01jd…`: 48 bits of time in milliseconds, then 80 random bits; sorts by time. */
export function newId(prefix: string): string {
  return `${prefix}_${base32(BigInt(Date.now()), 10)}${base32(randomBits(), 16)}`
}

/** Eighty bits; of a UUID, whose random bytes Node draws in advance, the parts without its version and variant. */
function randomBits(): bigint {
  const uuid = randomUUID()
  return BigInt(`0x${uuid.slice(0, 8)}${uuid.slice(24)}`)
}

function base32(value: bigint, length: number): string {
  let text = ''
  for (let rest = value; text.length < length; rest >>= 5n) {
    text = (alphabet[Number(rest & 31n)] ?? '') + text
  }
  return text
}
