/** A plain reading of Anthropic's wire format, for tests alone: it shares no code with the dialect. */
export interface PlainMessage {
  /** The blocks as whole ones, whatever pieces they came in. */
  content: Members[]
  stop: unknown
  usage: Members
  /** All other members of the message. */
  others: Members
  /** Pieces of text and of thoughts, in their order. */
  pieces: string[]
}

export type Members = Record<string, unknown>

export function readMessage(body: Members): PlainMessage {
  const { content, stop_reason: stop, usage, ...others } = body
  return { content: list(content).map(members), stop, usage: members(usage), others, pieces: [] }
}

/** The messages that a stream holds; recordings of several turns hold several. */
export function splitMessages(frames: string[]): string[][] {
  const messages: string[][] = [[]]
  for (const frame of frames) {
    messages.at(-1)?.push(frame)
    if (kindOf(frame) === 'message_stop') messages.push([])
  }
  return messages.filter((each) => each.length > 0)
}

/** What a client makes of a stream. */
export function readMessageStream(frames: string[]): PlainMessage {
  const message: PlainMessage = { content: [], stop: null, usage: {}, others: {}, pieces: [] }
  const json: string[] = []
  for (const frame of frames) {
    const event = members(JSON.parse(frame))
    const index = Number(event['index'])
    switch (event['type']) {
      case 'message_start': {
        const { content, stop_reason: stop, usage, ...others } = members(event['message'])
        Object.assign(message, { content: list(content), stop, others })
        Object.assign(message.usage, usage)
        break
      }
      case 'content_block_start':
        message.content[index] = { ...members(event['content_block']) }
        break
      case 'content_block_delta':
        addDelta(message, { index, delta: members(event['delta']), json })
        break
      case 'message_delta':
        endMessage(message, event)
    }
  }
  for (const [index, written] of json.entries()) {
    const block = message.content[index]
    if (block && written) block['input'] = JSON.parse(written)
  }
  return message
}

/** A request without what may be written in two ways that mean the same. */
export function normalMessageRequest(request: unknown): unknown {
  const { messages, system, stream, max_tokens: limit, ...rest } = members(request)
  const given = Object.entries(rest).filter(([, value]) => value !== null)
  return {
    ...Object.fromEntries(given),
    ...(stream === true && { stream }),
    ...(limit !== undefined && { max_tokens: limit }),
    ...(system !== undefined && { system: blocks(system) }),
    messages: joinResults(list(messages).map(members)),
  }
}

function addDelta(
  message: PlainMessage,
  { index, delta, json }: { index: number; delta: Members; json: string[] },
): void {
  const block = message.content[index] ?? {}
  const grow = (member: string, piece: unknown): void => {
    const before = block[member]
    block[member] = (typeof before === 'string' ? before : '') + String(piece)
    if (piece !== '') message.pieces.push(String(piece))
  }
  switch (delta['type']) {
    case 'text_delta':
      return grow('text', delta['text'])
    case 'thinking_delta':
      return grow('thinking', delta['thinking'])
    case 'signature_delta':
      block['signature'] = delta['signature']
      return
    case 'input_json_delta':
      json[index] = (json[index] ?? '') + String(delta['partial_json'])
      return
    case 'citations_delta':
      block['citations'] = [...list(block['citations']), delta['citation']]
      return
    case 'compaction_delta':
      block['content'] = delta['content']
      return
    default:
      throw new Error(`a kind of delta that is not known: ${String(delta['type'])}`)
  }
}

function endMessage(message: PlainMessage, event: Members): void {
  const { delta, usage, ...beside } = event
  delete beside['type']
  const { stop_reason: stop, ...others } = members(delta)
  message.stop = stop
  Object.assign(message.others, beside, others)
  for (const [member, value] of Object.entries(members(usage))) {
    if (value !== null) message.usage[member] = value
  }
}

/** What a user says after results is one turn with them. */
function joinResults(turns: Members[]): Members[] {
  const joined: { role: unknown; content: unknown[] }[] = []
  for (const { role, content } of turns) {
    const said = blocks(content)
    const last = joined.at(-1)
    const isAfter = last?.role === 'user' && members(last.content.at(-1))['type'] === 'tool_result'
    if (role === 'user' && isAfter) last.content.push(...said)
    else joined.push({ role, content: said })
  }
  return joined.map((turn) => ({ ...turn }))
}

function blocks(content: unknown): unknown[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return list(content).map((raw) => {
    const { content: inside, ...block } = members(raw)
    if (block['type'] !== 'tool_result') return raw
    const { cache_control: mark, ...rest } = block
    return { ...rest, ...(mark != null && { cache_control: mark }), content: blocks(inside) }
  })
}

function kindOf(frame: string): unknown {
  return members(JSON.parse(frame))['type']
}

function members(value: unknown): Members {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
