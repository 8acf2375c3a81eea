import { createHash } from 'node:crypto'
import type { Extra, ToolCall } from '../../protocol/request.ts'
import { isRecord } from '../narrow.ts'
import type { ModelTraits } from './model-traits.ts'
import { unsupported } from './unsupported.ts'

/** A call as a block. */
export function encodeToolUse(
  call: ToolCall,
  { path, family }: { path: string; family: ModelTraits['family'] },
): Extra {
  if (call.kind === 'custom') throw unsupported(path, 'it calls a custom tool')
  const input = parseInput(call.arguments, `${path}.function.arguments`)
  return { toolUse: { toolUseId: wireId(call, family), name: call.name, input } }
}

/** An id that this wire takes: other vendors' may be too long or have signs that it does not know. */
export function wireId({ id, name }: ToolCall, family: ModelTraits['family']): string {
  const fits = family === 'mistral' ? /^[a-zA-Z\d]{9}$/ : /^[a-zA-Z\d_.:-]{1,64}$/
  if (fits.test(id)) return id
  const hash = createHash('sha256')
    .update(id === '' ? name : id)
    .digest('hex')
  return family === 'mistral' ? hash.slice(0, 9) : `tooluse_${hash.slice(0, 32)}`
}

/** The wire carries an object where OpenAI's carries what the model wrote. */
function parseInput(written: string, path: string): Extra {
  if (written.trim() === '') return {}
  let parsed: unknown
  try {
    parsed = JSON.parse(written)
  } catch {
    parsed = undefined
  }
  if (!isRecord(parsed)) throw unsupported(path, 'it is no JSON object')
  return parsed
}
