import { newId } from '../../lib/id.ts'
import type { ChatEvent } from '../../protocol/event.ts'
import { isRecord, text, unreadValues } from '../narrow.ts'
import { ollama } from './dialect.ts'

/** The calls of one line, each whole; older servers give them no ids. */
export function decodeCalls(
  raw: unknown,
  { choice, before }: { choice: number; before: number },
): ChatEvent[] {
  const calls: unknown[] = Array.isArray(raw) ? raw : []
  return calls.filter(isRecord).flatMap((call, at): ChatEvent[] => {
    const called = isRecord(call['function']) ? call['function'] : {}
    const place = { choice, index: before + at }
    const id = text(call['id']) ?? newId('call')
    const members = unreadValues(call, readMembers)
    const extra = members && { extra: { dialect: ollama, members } }
    const name = text(called['name']) ?? ''
    return [
      { type: 'tool-call-start', ...place, id, kind: 'function', name, ...extra },
      { type: 'tool-call-delta', ...place, argumentsDelta: written(called['arguments']) },
      { type: 'tool-call-end', ...place },
    ]
  })
}

const readMembers: ReadonlySet<string> = new Set(['id', 'type', 'function'])

/** An object on this wire; a server that copied another may send it as text. */
function written(given: unknown): string {
  return typeof given === 'string' ? given : JSON.stringify(given ?? {})
}
