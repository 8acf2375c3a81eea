import type { Message, ToolCall } from '../../protocol/request.ts'
import { argumentsObject } from '../call-arguments.ts'
import { matchResults, unknownCall } from '../match-results.ts'
import { unsupported } from './unsupported.ts'

type WireMessage = Record<string, unknown>

/** The conversation; a message of this wire holds text, or calls, or the results of calls. */
export function encodeMessages(messages: readonly Message[]): WireMessage[] {
  const matched = matchResults(messages)
  const encoded: WireMessage[] = []
  let results: WireMessage[] = []
  for (const message of matched.messages) {
    const path = `messages[${messages.indexOf(message)}]`
    if (message.role !== 'tool') {
      results = []
      encoded.push(...encodeTurn(message, path))
      continue
    }
    // Results that stand together are one turn, and the user's: the wire has no role for tools.
    if (results.length === 0)
      encoded.push({ role: 'user', toolResultList: { toolResults: results } })
    const name = matched.calls.get(message)?.name ?? message.name
    if (name === undefined) throw unknownCall(path)
    results.push({ functionResult: { name, content: textOf(message, path) } })
  }
  return encoded
}

/** A turn that speaks and calls becomes two messages. */
function encodeTurn(message: Message, path: string): WireMessage[] {
  const role = message.role === 'developer' ? 'system' : message.role
  const text = textOf(message, path)
  const calls = message.toolCalls ?? []
  if (calls.length === 0) return [{ role, text }]
  const toolCalls = calls.map((call, index) => encodeCall(call, `${path}.tool_calls[${index}]`))
  const called = { role, toolCallList: { toolCalls } }
  return text === '' ? [called] : [{ role, text }, called]
}

function encodeCall(call: ToolCall, path: string): WireMessage {
  if (call.kind === 'custom') throw unsupported(path, 'it calls a custom tool')
  const at = `${path}.function.arguments`
  return {
    functionCall: { name: call.name, arguments: argumentsObject(call.arguments, at, unsupported) },
  }
}

function textOf({ parts }: Message, path: string): string {
  const texts = parts.map((part, index) => {
    if (part.type === 'text' || part.type === 'refusal') return part.text
    if (part.type === 'reasoning' || part.type === 'tool-call') return ''
    throw unsupported(`${path}.content[${index}]`, `a message holds text, and this is ${part.type}`)
  })
  return texts.join('')
}
