import type { Extra, Message } from '../../protocol/request.ts'
import { isRecord } from '../narrow.ts'
import { createPlaceOf, type PlaceOf, type TurnPlace } from '../places.ts'
import { decodeItem } from './decode-items.ts'
import { newTurns } from './turns.ts'
import type { Earlier } from './decode-request.ts'

/** Where the members of a request stand in a body that was read without a fault. */
export function placesOf(
  body: Extra,
  { earlier, items }: { earlier: Earlier; items: readonly unknown[] },
): PlaceOf {
  return createPlaceOf(() => {
    const turns = newTurns(earlier.itemOf)
    const places: TurnPlace[] = []
    const add = (item: unknown, path: string): void => {
      decodeItem(turns, item, path)
      for (const [at, message] of turns.messages.entries()) {
        growPlace((places[at] ??= { path, parts: [], calls: [] }), message, { item, path })
      }
    }
    for (const item of earlier.items) add(item, 'previous_response_id')
    const isText = typeof body['input'] === 'string'
    for (const [index, item] of items.entries()) add(item, isText ? 'input' : `input[${index}]`)
    const instructions = { path: 'instructions', parts: ['instructions'], calls: [] }
    return body['instructions'] == null ? places : [instructions, ...places]
  }, renamed)
}

const renamed = {
  max_tokens: 'max_output_tokens',
  reasoning_effort: 'reasoning.effort',
  response_format: 'text.format',
  logprobs: 'include',
  // Below a turn or a part of it.
  '.tool_call_id': '.call_id',
  '.reasoning_content': '',
  '.image_url.detail': '.detail',
  '.function.arguments': '.arguments',
}

/** What an item added to a turn came from that item: several may make one. */
function growPlace(
  place: TurnPlace,
  { parts, toolCalls = [] }: Message,
  { item, path }: { item: unknown; path: string },
): void {
  const first = place.parts.length
  for (let at = first; at < parts.length; at++) place.parts.push(partPath(item, path, at - first))
  while (place.calls.length < toolCalls.length) place.calls.push(path)
}

/** A content that is a string has no parts, and neither has what is no message. */
function partPath(item: unknown, path: string, at: number): string {
  if (!path.startsWith('input[') || !isRecord(item)) return path
  const list = ['content', 'output'].find((name) => Array.isArray(item[name]))
  const isPlain = item['type'] === 'reasoning' || list === undefined
  return isPlain ? path : `${path}.${list}[${at}]`
}
