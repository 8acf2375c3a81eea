import { randomBytes } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** A new id such as `req_01jd…`: 48 bits of time in milliseconds, then 80 random bits; sorts by time. */
export function newId(prefix: string): string {
  return `${prefix}_${base32(BigInt(Date.now()), 10)}${base32(BigInt(`0x${randomBytes(10).toString('hex')}`), 16)}`
}

function base32(value: bigint, length: number): string {
  let text = ''
  for (let rest = value; text.length < length; rest >>= 5n) {
    text = (alphabet[Number(rest & 31n)] ?? '') + text
  }
  return text
}
