import type { ChatRequest, ContentPart, Message } from './request.ts'

/** Where a request uses a feature, as JSON paths in OpenAI's words; empty when it does not. */
export type Find = (request: ChatRequest) => readonly string[]

/** Most requests use few features: for the others no list is made. */
const nowhere: readonly string[] = []

/** One member of the request. */
export function member(path: string, value: (request: ChatRequest) => unknown): Find {
  return (request) => (value(request) === undefined ? nowhere : [path])
}

/** Messages; `below` stands behind the path of each. */
export function inMessages(uses: (message: Message) => boolean, below = ''): Find {
  return ({ messages }) => {
    if (!messages.some(uses)) return nowhere
    return messages.flatMap((message, at) => (uses(message) ? [`messages[${at}]${below}`] : []))
  }
}

/** Parts of messages. */
export function inParts(uses: (part: ContentPart) => boolean, below = ''): Find {
  return ({ messages }) => {
    if (!messages.some(({ parts }) => parts.some(uses))) return nowhere
    return messages.flatMap(({ parts }, at) =>
      parts.flatMap((part, index) =>
        uses(part) ? [`messages[${at}].content[${index}]${below}`] : [],
      ),
    )
  }
}

export function inTools(
  uses: (tool: NonNullable<ChatRequest['tools']>[number]) => boolean,
  below = '',
): Find {
  return ({ tools }) =>
    tools?.flatMap((tool, at) => (uses(tool) ? [`tools[${at}]${below}`] : [])) ?? nowhere
}

export function toolChoice(mode: string): Find {
  return (request) => (request.toolChoice?.mode === mode ? ['tool_choice'] : nowhere)
}

export function responseFormat(type: string): Find {
  return (request) => (request.responseFormat?.type === type ? ['response_format'] : nowhere)
}

export function laterSystem({ messages }: ChatRequest): readonly string[] {
  const first = messages.findIndex(({ role }) => role === 'system' || role === 'developer')
  const others = messages.flatMap(({ role }, index) =>
    (role === 'system' || role === 'developer') && (index !== first || index > 0) ? [index] : [],
  )
  return others.map((index) => `messages[${index}]`)
}

const markedParts = inParts((part) => part.cache !== undefined, '.cache_control')
const markedTools = inTools(
  (tool) => tool.kind === 'function' && tool.cache !== undefined,
  '.cache_control',
)

export function cacheMarks(request: ChatRequest): string[] {
  return [...markedParts(request), ...markedTools(request)]
}

export function passthroughMembers({ passthrough }: ChatRequest): readonly string[] {
  return passthrough ? Object.keys(passthrough.members) : nowhere
}

export function isData(url: string): boolean {
  return url.startsWith('data:')
}
