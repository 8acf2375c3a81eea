type Item = Record<string, unknown>

/** Items as they are kept and listed: messages in full, each item with an id. */
export function fullItems(items: readonly unknown[], responseId: string): Item[] {
  const suffix = responseId.slice(responseId.indexOf('_') + 1)
  return items.filter(isItem).map((item, index) => {
    const { type = 'message' } = item
    const prefix = prefixes.get(String(type)) ?? 'item'
    const id = item['id'] ?? `${prefix}_${suffix}i${index.toString(36).padStart(3, '0')}`
    const message = type === 'message' && {
      content: fullContent(item),
      status: item['status'] ?? 'completed',
    }
    return { ...item, type, id, ...message }
  })
}

function fullContent({ content, role }: Item): unknown {
  if (typeof content !== 'string') return content
  return role === 'assistant'
    ? [{ type: 'output_text', text: content, annotations: [], logprobs: [] }]
    : [{ type: 'input_text', text: content }]
}

const prefixes: ReadonlyMap<string, string> = new Map([
  ['message', 'msg'],
  ['reasoning', 'rs'],
  ['function_call', 'fc'],
  ['function_call_output', 'fco'],
  ['custom_tool_call', 'ctc'],
  ['custom_tool_call_output', 'ctco'],
])

/** The dialect has read every item before: each is an object. */
function isItem(item: unknown): item is Item {
  return typeof item === 'object' && item !== null
}
