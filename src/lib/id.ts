import { randomFillSync } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** A new id such as `req_01jd…`: 48 bits of time in milliseconds, then 80 random bits; sorts by time. */
export function newId(prefix: string): string {
  return `${prefix}_${timeText()}${randomText()}`
}

/** When an id was made, in Unix milliseconds; undefined where the text is none of ours. */
export function timeOfId(id: string): number | undefined {
  const [, text] = /^[a-z]+_([0-9a-hjkmnp-tv-z]{10})[0-9a-hjkmnp-tv-z]{16}$/.exec(id) ?? []
  if (text === undefined) return undefined
  let time = 0
  for (const letter of text) time = time * 32 + alphabet.indexOf(letter)
  return time <= timeMax ? time : undefined
}

/** Later ones are no times of ours, and more than a database takes. */
const timeMax = Date.UTC(9999, 0)

let lastMs = 0
let lastText = ''

/** Ten letters; many ids are of the same millisecond. */
function timeText(): string {
  const nowMs = Date.now()
  if (nowMs === lastMs) return lastText
  let text = ''
  for (let rest = nowMs; text.length < 10; rest = Math.floor(rest / 32)) {
    text = alphabet.charAt(rest % 32) + text
  }
  lastMs = nowMs
  return (lastText = text)
}

/** Sixteen letters of five bits each, from random bytes that are drawn in advance. */
function randomText(): string {
  if (at + 10 > pool.length) {
    randomFillSync(pool)
    at = 0
  }
  const text = letters(pool.readUIntBE(at, 5)) + letters(pool.readUIntBE(at + 5, 5))
  at += 10
  return text
}

const pool = Buffer.alloc(4000)
let at = pool.length

/** Eight letters of forty bits. */
function letters(bits: number): string {
  const high = Math.floor(bits / 2 ** 20)
  const low = bits % 2 ** 20
  return four(high) + four(low)
}

function four(bits: number): string {
  return (
    alphabet.charAt(bits >> 15) +
    alphabet.charAt((bits >> 10) & 31) +
    alphabet.charAt((bits >> 5) & 31) +
    alphabet.charAt(bits & 31)
  )
}
