import { isRecord } from '../narrow.ts'
import { createPlaceOf, type PlaceOf, type TurnPlace } from '../places.ts'
import { blocksOf } from './decode-part.ts'

/** Where the members of a request stand in a body of this wire that was read without a fault. */
export function placesOf(body: unknown): PlaceOf {
  const { system, messages, output_format: format, output_config: config } = Object(body)
  const turns = (): TurnPlace[] => [
    ...systemPlaces(system),
    ...(Array.isArray(messages) ? messages.flatMap(turnPlaces) : []),
  ]
  return createPlaceOf(turns, {
    ...renamed,
    ...(format != null && { response_format: 'output_format' }),
    // That it is off is a word of another member.
    ...(Object(config).effort == null && { reasoning_effort: 'thinking' }),
  })
}

const renamed = {
  stop: 'stop_sequences',
  user: 'metadata.user_id',
  response_format: 'output_config.format',
  reasoning_effort: 'output_config.effort',
  'reasoning.max_tokens': 'thinking.budget_tokens',
  'reasoning.summary': 'thinking.display',
  parallel_tool_calls: 'tool_choice.disable_parallel_tool_use',
  // Below a turn or a part of it.
  '.tool_call_id': '.tool_use_id',
  '.reasoning_content': '',
  '.function.arguments': '.input',
}

function systemPlaces(system: unknown): TurnPlace[] {
  if (system === undefined || system === null || system === '') return []
  const parts = blocksOf(system, 'system').map(({ path }) => path)
  return parts.length === 0 ? [] : [{ path: 'system', parts, calls: [] }]
}

/** As the turns are decoded: each result is one of its own, and so is what is said before and after it. */
function turnPlaces(turn: unknown, index: number): TurnPlace[] {
  const path = `messages[${index}]`
  const { role, content } = isRecord(turn) ? turn : {}
  const blocks = blocksOf(content, `${path}.content`)
  if (role !== 'user') {
    const calls = blocks.filter(({ block }) => block.type === 'tool_use')
    return [{ path, parts: blocks.map(pathOf), calls: calls.map(pathOf) }]
  }
  const places: TurnPlace[] = []
  let said: TurnPlace | undefined
  for (const { block, path: at } of blocks) {
    if (block.type === 'tool_result') {
      const parts = blocksOf(block['content'] ?? [], `${at}.content`).map(pathOf)
      places.push({ path: at, parts, calls: [] })
      said = undefined
      continue
    }
    if (!said) places.push((said = { path, parts: [], calls: [] }))
    said.parts.push(at)
  }
  return places.length > 0 ? places : [{ path, parts: [], calls: [] }]
}

function pathOf({ path }: { path: string }): string {
  return path
}
