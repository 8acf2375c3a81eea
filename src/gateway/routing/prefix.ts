import { hash32, mix32 } from '../../lib/hash.ts'
import type { ContentPart, Message } from '../../protocol/request.ts'

/** Boundaries between messages that are looked at, the latest ones. */
const boundariesMax = 16

/** Of longer texts the beginning and the end stand for the whole. */
const hashedCharsMax = 2_048

/**
 * Names of the beginnings of a conversation, each ending at a message, the longest first. Two conversations
 * that begin alike share the names of what they have in common.
 */
export function prefixesOf(messages: readonly Message[], scope: string): string[] {
  // Two hashes side by side: one alone would meet its like too often.
  let one = hash32(scope)
  let other = hash32(scope, 0x9e3779b9)
  const names: string[] = []
  for (const [index, message] of messages.entries()) {
    const content = contentHash(message)
    one = mix32(one, content)
    other = mix32(other, content ^ 0x5bd1e995)
    if (index >= messages.length - boundariesMax)
      names.push(`${one.toString(36)}-${other.toString(36)}`)
  }
  return names.toReversed()
}

function contentHash({ role, parts, toolCalls }: Message): number {
  let hash = hash32(role)
  for (const part of parts) hash = mix32(hash, partHash(part))
  for (const call of toolCalls ?? []) hash = mix32(hash, textHash(call.name + call.arguments))
  return hash
}

function partHash(part: ContentPart): number {
  if ('text' in part) return textHash(part.text)
  if ('url' in part) return textHash(part.url)
  if ('fileId' in part) return textHash(part.fileId)
  return hash32(part.type)
}

function textHash(text: string): number {
  if (text.length <= hashedCharsMax) return hash32(text)
  const half = hashedCharsMax / 2
  return mix32(hash32(text.slice(0, half)), hash32(text.slice(-half)) ^ text.length)
}
