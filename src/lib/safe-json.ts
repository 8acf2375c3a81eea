/**
 * Parses JSON that a stranger wrote; throws a SyntaxError for what is none, and for members that could change
 * the prototypes of whoever copies the value: `__proto__`, and `constructor` with a `prototype`.
 */
export function parseSafeJson(text: string): unknown {
  const value: unknown = JSON.parse(text.charCodeAt(0) === byteOrderMark ? text.slice(1) : text)
  // An escape may spell these names, too.
  const suspicious =
    text.includes('__proto__') || text.includes('"constructor"') || text.includes('\\u00')
  if (suspicious && isPoisoned(value)) throw new SyntaxError('a member names a prototype')
  return value
}

const byteOrderMark = 0xfeff

/** Without recursion, for a text may be nested as deep as it is long. */
function isPoisoned(value: unknown): boolean {
  const waiting: unknown[] = [value]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next !== 'object' || next === null) continue
    if (Object.hasOwn(next, '__proto__') || hasPrototype(ownConstructor(next))) return true
    for (const member of Object.values(next)) if (typeof member === 'object') waiting.push(member)
  }
  return false
}

function ownConstructor(value: object): unknown {
  return Object.getOwnPropertyDescriptor(value, 'constructor')?.value
}

function hasPrototype(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype')
}
