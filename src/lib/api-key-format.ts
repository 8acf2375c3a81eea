import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

const format = /^xr-([a-z]+)-[A-Za-z0-9]{32,}-[0-9a-f]{8}$/
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const randomChars = 40

/** A new key `xr-{tier}-{random}-{checksum}` with some 238 random bits. */
export function newApiKey(tier: string): string {
  const body = `xr-${tier}-${randomText(randomChars)}`
  return `${body}-${checksum(body)}`
}

/** Whether a text is a key of ours by form and checksum; nothing is looked up for one that is not. */
export function isApiKey(text: string): boolean {
  if (text.length > 200 || !format.test(text)) return false
  const end = text.lastIndexOf('-')
  return checksum(text.slice(0, end)) === text.slice(end + 1)
}

/** The part of a key that may be shown: `xr-pro-AbCd`. */
export function apiKeyPrefix(key: string): string {
  const tierEnd = key.indexOf('-', 3)
  return key.slice(0, tierEnd + 5)
}

function checksum(body: string): string {
  return crc32(body).toString(16).padStart(8, '0')
}

/** Bytes past the last whole multiple of the alphabet are thrown away, or its first letters would be likelier. */
function randomText(length: number): string {
  const limit = 256 - (256 % alphabet.length)
  let text = ''
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < limit && text.length < length) text += alphabet[byte % alphabet.length]
    }
  }
  return text
}
