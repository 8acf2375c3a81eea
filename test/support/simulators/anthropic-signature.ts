import { createHash } from 'node:crypto'

/** Proof that the service wrote a thought. */
export function signatureOf(thought: string): string {
  return `Er${createHash('sha256').update(thought).digest('base64')}`
}

/** A thought that was not shown has a proof all the same. */
export function isSigned(thought: string, signature: unknown): boolean {
  if (thought === '') return typeof signature === 'string' && signature.startsWith('Er')
  return signature === signatureOf(thought)
}
