import { randomBytes, randomInt } from 'node:crypto'

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Identifiers differ between simulators and runs, as they do between accounts. */
export function alphanumeric(length: number): string {
  return Array.from(randomBytes(length), (byte) => letters[byte % letters.length]).join('')
}

export function hexadecimal(length: number): string {
  return randomBytes(length / 2).toString('hex')
}

/** Padding that hides how long a token is. */
export function padding(): string {
  return alphanumeric(randomInt(16))
}
