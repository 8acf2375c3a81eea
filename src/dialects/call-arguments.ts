import type { GatewayError } from '../errors.ts'
import { isRecord } from './narrow.ts'

/** The arguments of a call, for a wire that carries an object where OpenAI's carries what the model wrote. */
export function argumentsObject(
  written: string,
  path: string,
  unsupported: (path: string, problem: string) => GatewayError,
): Record<string, unknown> {
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
