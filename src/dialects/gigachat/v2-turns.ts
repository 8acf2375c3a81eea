import type { Extra } from '../../protocol/request.ts'
import type { Turn } from './encode-messages.ts'

/**
 * Who tells the result of a function. The service's documents and recordings contradict each other:
 * by some it is `function` with a text of JSON, by others `tool` with JSON.
 */
export type ResultRole = 'function' | 'tool'

/** The turns of API v1 in the words of API v2: everything that is said is a part. */
export function toV2Turns(turns: readonly Turn[], resultRole: ResultRole): Extra[] {
  let state: string | undefined
  return turns.map((turn) => {
    if (turn.role === 'function') return resultTurn(turn, { resultRole, state })
    state = turn.functions_state_id
    return {
      role: turn.role,
      ...(state !== undefined && { [stateMember[resultRole]]: state }),
      content: contentOf(turn),
    }
  })
}

const stateMember = { function: 'functions_state_id', tool: 'tools_state_id' } as const

function contentOf({ content, attachments, function_call: call }: Turn): Extra[] {
  const parts = [...textParts(content), ...fileParts(attachments)]
  if (call) parts.push({ function_call: call })
  return parts.length > 0 ? parts : [{ text: '' }]
}

function resultTurn(
  { name, content, attachments }: Turn,
  { resultRole: role, state }: { resultRole: ResultRole; state: string | undefined },
): Extra {
  const told = role === 'function'
  // The text was made an object when it became the content of a turn.
  const result: unknown = told ? content : JSON.parse(content)
  return {
    role,
    ...(!told && state !== undefined && { [stateMember.tool]: state }),
    content: [{ function_result: { name, result } }, ...fileParts(attachments)],
  }
}

function textParts(text: string): Extra[] {
  return text === '' ? [] : [{ text }]
}

function fileParts(ids: readonly string[] | undefined): Extra[] {
  return ids ? [{ files: ids.map((id) => ({ id })) }] : []
}
