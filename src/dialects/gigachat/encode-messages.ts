import { type GatewayError, invalidRequest } from '../../errors.ts'
import type { ContentPart, Extra, Message, ToolCall } from '../../protocol/request.ts'
import { isRecord } from '../narrow.ts'
import { encodeName } from './function-name.ts'
import { stateOf } from './tool-call-id.ts'
import { unsupported } from './unsupported.ts'

/** One turn on the wire of API v1; API v2 spells the same in parts. */
export interface Turn {
  role: 'system' | 'user' | 'assistant' | 'function'
  content: string
  /** The function whose result this is. */
  name?: string
  attachments?: string[]
  function_call?: { name: string; arguments: Extra }
  /** The service's memory of a call, or of a tool of its own behind a text. */
  functions_state_id?: string
  reasoning_content?: string
}

/**
 * The conversation on the wire: all instructions in one system turn at the beginning, one call per
 * turn and its result right after it, no two turns of text by the same speaker in a row. Only what
 * was made in `dialect` goes back as it came.
 */
export function encodeMessages(messages: readonly Message[], dialect: string): Turn[] {
  const numbered = messages.map((message, index) => ({ message, path: `messages[${index}]` }))
  const system = numbered
    .filter(({ message }) => isSystem(message))
    .map((place) => encodeContent(place, dialect).content)
    .filter((text) => text !== '')
  const turns: Turn[] = []
  if (system.length > 0) turns.push({ role: 'system', content: system.join('\n\n') })
  const rest = numbered.filter(({ message }) => !isSystem(message))
  for (let at = 0; at < rest.length; at += 1) {
    const place = rest[at]
    if (!place) break
    if (place.message.role === 'tool') throw unasked(place)
    const end = rest.findIndex(({ message }, index) => index > at && message.role !== 'tool')
    const results = rest.slice(at + 1, end < 0 ? rest.length : end)
    for (const turn of encodeTurns(place, results, dialect)) addTurn(turns, turn)
    at += results.length
  }
  return turns
}

interface Place {
  message: Message
  path: string
}

function isSystem({ role }: Message): boolean {
  return role === 'system' || role === 'developer'
}

/** A message, and the results of the calls that it makes. */
function encodeTurns(place: Place, results: readonly Place[], dialect: string): Turn[] {
  const { message, path } = place
  const role = message.role === 'assistant' ? 'assistant' : 'user'
  const said: Turn = { role, ...encodeContent(place, dialect), ...stateOfText(message, dialect) }
  const thoughts = message.parts.filter((part) => part.type === 'reasoning')
  if (thoughts.length > 0) said.reasoning_content = thoughts.map((part) => part.text).join('')
  const open = [...results]
  const turns = (message.toolCalls ?? []).flatMap((call, index): Turn[] => {
    const answered = open.findIndex((result) => answers(result.message, call))
    const [result] = answered < 0 ? [] : open.splice(answered, 1)
    if (!result) throw unanswered(`${path}.tool_calls[${index}]`)
    const turn: Turn = index === 0 ? said : { role, content: '' }
    return [
      { ...turn, ...encodeCall(call, `${path}.tool_calls[${index}]`) },
      toResult(call, result, dialect),
    ]
  })
  if (open[0]) throw unasked(open[0])
  return turns.length > 0 ? turns : [said]
}

function answers(result: Message, call: ToolCall): boolean {
  if (call.kind !== 'function_call') return result.toolCallId === call.id
  return result.toolCallId === undefined && result.name === call.name
}

function encodeCall(
  { id, kind, name, arguments: written }: ToolCall,
  path: string,
): Pick<Turn, 'function_call' | 'functions_state_id'> {
  const parsed = written.trim() === '' ? {} : parseJson(written)
  if (kind === 'custom' || !isRecord(parsed)) {
    throw unsupported(path, 'its functions are called with a JSON object of arguments only')
  }
  const state = stateOf(id)
  return {
    function_call: { name: encodeName(name), arguments: parsed },
    ...(state !== undefined && { functions_state_id: state }),
  }
}

/** Nothing but its own API can read what the service signed a text with. */
function stateOfText({ parts }: Message, dialect: string): Pick<Turn, 'functions_state_id'> {
  for (const part of parts) {
    if (part.type !== 'text' || part.signature?.dialect !== dialect) continue
    return { functions_state_id: part.signature.value }
  }
  return {}
}

/** A result must be the text of a JSON object. */
function toResult({ name }: ToolCall, place: Place, dialect: string): Turn {
  const { content, ...rest } = encodeContent(place, dialect)
  const parsed = parseJson(content)
  const value = parsed === undefined ? JSON.stringify(content) : content
  const wrapped = isRecord(parsed) ? content : `{"result":${value}}`
  return { role: 'function', name: encodeName(name), content: wrapped, ...rest }
}

function encodeContent(
  { message, path }: Place,
  dialect: string,
): Pick<Turn, 'content' | 'attachments'> {
  const texts: string[] = []
  const attachments: string[] = []
  for (const [index, part] of message.parts.entries()) {
    addPart(part, `${path}.content[${index}]`, { texts, attachments, dialect })
  }
  return { content: texts.join('\n'), ...(attachments.length > 0 && { attachments }) }
}

function addPart(
  part: ContentPart,
  path: string,
  out: { texts: string[]; attachments: string[]; dialect: string },
): void {
  switch (part.type) {
    case 'text':
    case 'refusal':
      out.texts.push(part.text)
      return
    case 'file':
    case 'image':
      if (!('fileId' in part)) throw unsupported(path, 'it takes files by their id only')
      out.attachments.push(part.fileId)
      return
    case 'audio':
      throw unsupported(path, 'it takes files by their id only')
    case 'native':
      if (part.dialect !== out.dialect) throw unsupported(path, 'it is content of another vendor')
      out.attachments.push(...fileIdsOf(part.part))
      return
    // Reasoning is a member of the turn, and calls are turns of their own.
    case 'reasoning':
    case 'tool-call':
      return
    default:
      part satisfies never
  }
}

/** Files that the service made in an earlier turn. */
function fileIdsOf({ files }: Extra): string[] {
  if (!Array.isArray(files)) return []
  return files.flatMap((file: unknown) =>
    isRecord(file) && typeof file['id'] === 'string' ? [file['id']] : [],
  )
}

/** Speakers take turns; a message takes one image, so two with attachments stay apart. */
function addTurn(turns: Turn[], turn: Turn): void {
  const last = turns.at(-1)
  const joins =
    last?.role === turn.role &&
    last.function_call === undefined &&
    !(last.attachments && turn.attachments) &&
    last.reasoning_content === undefined
  if (!joins) {
    turns.push(turn)
    return
  }
  const content = [last.content, turn.content].filter((text) => text !== '').join('\n\n')
  turns[turns.length - 1] = { ...last, ...turn, content }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function unasked({ path }: Place): GatewayError {
  return invalidRequest(path, `Invalid '${path}': it answers no tool call of the turn before it.`)
}

function unanswered(path: string): GatewayError {
  return invalidRequest(path, `Invalid '${path}': no tool message after it has its result.`)
}
