import type { AnthropicModel } from './anthropic-models.ts'
import {
  blocksOf,
  type MessageRequest,
  type WireBlock,
  type WireTool,
} from './anthropic-request.ts'
import { signatureOf } from './anthropic-signature.ts'
import { alphanumeric } from './identifiers.ts'
import { sampleOf } from './schema-sample.ts'
import { tokenize } from './tokens.ts'

/** A message before it is put on the wire as JSON or events. */
export interface MessageAnswer {
  id: string
  model: string
  blocks: WireBlock[]
  stop: { reason: string; sequence: string | null; details: object | null }
  tokens: MessageTokens
}

export interface MessageTokens {
  /** All of the prompt. */
  prompt: number
  read: number
  written: number
  thought: number
  /** Without the thoughts. */
  visible: number
}

/** The model repeats what it was told; tests steer it with "use NAME", "refuse this", "redact" and "search for". */
export function answerMessage(
  request: MessageRequest,
  model: AnthropicModel,
  cachedTokens: (prompt: string[]) => number,
): MessageAnswer {
  const prompt = promptOf(request)
  const isMarked = JSON.stringify(request).includes('"cache_control"')
  const read = isMarked ? cachedTokens(prompt) : 0
  const written = isMarked && prompt.length >= 1024 ? prompt.length - read : 0
  const asked = askedOf(request)
  const thoughts = thoughtsOf(request, asked)
  const said = contentOf(request, asked)
  const blocks = [...thoughts, ...said.blocks]
  return {
    id: `msg_01${alphanumeric(22)}`,
    model: model.id,
    blocks,
    stop: said.stop,
    tokens: {
      prompt: prompt.length,
      read,
      written,
      thought: thoughts.length > 0 ? tokenize(thoughtAbout(asked)).length : 0,
      visible: said.blocks.flatMap(tokensOfBlock).length,
    },
  }
}

/** The tokens of a prompt, with four for each turn. */
export function promptOf({
  messages,
  system,
  tools,
  output_config: config,
}: MessageRequest): string[] {
  const told = [...(tools ?? []), system ?? '', config ?? '']
  const turns = messages.flatMap(({ role, content }) => [
    '<turn>',
    role,
    ...blocksOf(content).flatMap((block) => tokenize(JSON.stringify(block))),
    '</turn>',
    '\n',
  ])
  return [...told.flatMap((each) => tokenize(each === '' ? '' : JSON.stringify(each))), ...turns]
}

/** What a block costs; what is hidden costs elsewhere. */
export function tokensOfBlock(block: WireBlock): string[] {
  switch (block.type) {
    case 'text':
      return tokenize(String(block['text']))
    case 'tool_use':
    case 'server_tool_use':
      return [String(block['name']), ...tokenize(JSON.stringify(block['input']))]
    default:
      return []
  }
}

function thoughtAbout(asked: string): string {
  return `Thinking about: ${asked}`
}

function askedOf({ messages }: MessageRequest): string {
  const said = messages
    .filter(({ role }) => role === 'user')
    .map(({ content }) => textOf(blocksOf(content)))
    .findLast((text) => text !== '')
  return said ?? ''
}

function textOf(blocks: WireBlock[]): string {
  return blocks.map(({ type, text }) => (type === 'text' ? String(text) : '')).join('')
}

function thoughtsOf({ thinking }: MessageRequest, asked: string): WireBlock[] {
  if (!thinking || thinking.type === 'disabled') return []
  if (/\bredact\b/i.test(asked)) {
    return [{ type: 'redacted_thinking', data: `Er${alphanumeric(40)}` }]
  }
  const thought = thoughtAbout(asked)
  const shown = thinking.display === 'omitted' ? '' : thought
  return [{ type: 'thinking', thinking: shown, signature: signatureOf(thought) }]
}

interface Said {
  blocks: WireBlock[]
  stop: MessageAnswer['stop']
}

function contentOf(request: MessageRequest, asked: string): Said {
  const stop = { reason: 'end_turn', sequence: null, details: null }
  if (/refuse this/i.test(asked)) {
    const explanation = 'This request was declined.'
    const details = { type: 'refusal', category: 'cyber', explanation }
    return { blocks: [], stop: { ...stop, reason: 'refusal', details } }
  }
  const calls = callsFor(request, asked)
  if (calls.length > 0) return { blocks: calls, stop: { ...stop, reason: 'tool_use' } }
  const search = request.tools?.find(({ type }) => type?.startsWith('web_search'))
  if (search && /\bsearch for\b/i.test(asked)) return { blocks: searched(search, asked), stop }
  return limited(request, asked)
}

function limited(request: MessageRequest, asked: string): Said {
  const whole = wholeText(request, asked)
  const sequences = request.stop_sequences ?? []
  const cuts = sequences
    .map((sequence) => ({ sequence, at: whole.indexOf(sequence) }))
    .filter(({ at }) => at >= 0)
    .toSorted((a, b) => a.at - b.at)
  const [cut] = cuts
  const tokens = tokenize(cut ? whole.slice(0, cut.at) : whole)
  const stop = { sequence: null, details: null }
  const blocks = [{ type: 'text', text: tokens.slice(0, request.max_tokens).join('') }]
  if (tokens.length > request.max_tokens) return { blocks, stop: { ...stop, reason: 'max_tokens' } }
  if (!cut) return { blocks, stop: { ...stop, reason: 'end_turn' } }
  return { blocks, stop: { ...stop, reason: 'stop_sequence', sequence: cut.sequence } }
}

function wholeText(request: MessageRequest, asked: string): string {
  const schema = request.output_config?.format?.schema
  if (schema !== undefined) return JSON.stringify(sampleOf(schema))
  const results = resultsOf(request)
  return results.length > 0 ? `The tools said: ${results.join('; ')}` : `You said: ${asked}`
}

function resultsOf({ messages }: MessageRequest): string[] {
  return blocksOf(messages.at(-1)?.content ?? []).flatMap((block) => {
    if (block.type !== 'tool_result') return []
    const { content, is_error: failed } = block
    const said = Array.isArray(content)
      ? textOf(content)
      : typeof content === 'string'
        ? content
        : ''
    return [failed === true ? `error: ${said}` : said]
  })
}

function callsFor(request: MessageRequest, asked: string): WireBlock[] {
  const { tools = [], tool_choice: choice = { type: 'auto' } } = request
  const own = tools.filter(({ type }) => type === undefined || type === 'custom')
  const chosen = chosenTools(request, own, asked)
  const allowed = choice.disable_parallel_tool_use ? chosen.slice(0, 1) : chosen
  return allowed.map((tool) => ({
    type: 'tool_use',
    id: `toolu_01${alphanumeric(22)}`,
    name: tool.name,
    input: sampleOf(tool.input_schema),
  }))
}

function chosenTools(request: MessageRequest, tools: WireTool[], asked: string): WireTool[] {
  const { tool_choice: choice = { type: 'auto' } } = request
  const mentioned = [...asked.matchAll(/\buse\s+([\w-]+)/gi)].flatMap((match) =>
    tools.filter(({ name }) => name === match[1]),
  )
  switch (choice.type) {
    case 'none':
      return []
    case 'auto':
      return resultsOf(request).length > 0 ? [] : mentioned
    case 'any':
      return mentioned.length > 0 ? mentioned : tools.slice(0, 1)
    case 'tool':
      return tools.filter(({ name }) => name === choice.name).slice(0, 1)
    default:
      return choice.type satisfies never
  }
}

/** The service searches itself, and cites what it found. */
function searched({ name }: WireTool, asked: string): WireBlock[] {
  const id = `srvtoolu_01${alphanumeric(22)}`
  const page = { url: 'https://example.com/found', title: 'Found' }
  const found = { type: 'web_search_result', ...page, encrypted_content: 'Eqgf', page_age: null }
  const citation = {
    type: 'web_search_result_location',
    ...page,
    cited_text: 'what was found',
    encrypted_index: 'Eo8B',
  }
  return [
    { type: 'server_tool_use', id, name, input: { query: asked } },
    { type: 'web_search_tool_result', tool_use_id: id, content: [found] },
    { type: 'text', text: 'It was found.', citations: [citation] },
  ]
}
