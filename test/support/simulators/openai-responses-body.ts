import { hexadecimal } from './identifiers.ts'
import type { Completion, TokenCounts } from './openai-answer.ts'
import { logprobsMember } from './openai-body.ts'
import type { ResponsesRequest } from './openai-responses-request.ts'
import { seal } from './openai-sealed.ts'
import { tokenize } from './tokens.ts'

type Members = Record<string, unknown>

/** An item of the output, with the pieces in which a stream tells it. */
export interface OutputItem {
  body: Members
  pieces: string[]
  /** Of an item whose content is text. */
  logprobs: object[]
  annotations: object[]
}

/** What the model answers, item by item: what it thought, the tools that OpenAI runs, text or calls. */
export function outputItems(asked: ResponsesRequest, completion: Completion): OutputItem[] {
  const [choice] = completion.choices
  const { reasoning } = completion.tokens
  const searched = isSearch(asked)
  const items: OutputItem[] = []
  if (completion.model.effort && reasoning > 0) items.push(thought(asked))
  if (searched) items.push(searchCall())
  for (const call of choice?.calls ?? []) {
    const custom = call.kind === 'custom'
    const type = custom ? 'custom_tool_call' : 'function_call'
    const written = { [custom ? 'input' : 'arguments']: call.fragments.join('') }
    const id = `${custom ? 'ctc' : 'fc'}_${hexadecimal(50)}`
    const body = { id, type, status: 'completed', ...written, call_id: call.id, name: call.name }
    items.push({ body, pieces: call.fragments, logprobs: [], annotations: [] })
  }
  if (choice && choice.calls.length === 0 && (choice.tokens.length > 0 || reasoning === 0)) {
    items.push(message(completion, { searched }))
  }
  return items
}

/** The response object, members in the recorded order. */
export function responseBody(
  asked: ResponsesRequest,
  completion: Completion,
  state: { status: string; output: unknown[]; usage: object | null; details?: object | null },
): Members {
  const { text, reasoning } = asked
  return {
    id: responseIdOf(completion),
    object: 'response',
    created_at: completion.created,
    status: state.status,
    background: false,
    completed_at: state.status === 'completed' ? completion.created : null,
    error: null,
    frequency_penalty: 0,
    incomplete_details: state.details ?? null,
    instructions: asked.instructions ?? null,
    max_output_tokens: asked.max_output_tokens ?? null,
    max_tool_calls: null,
    model: completion.model.snapshot,
    output: state.output,
    parallel_tool_calls: asked.parallel_tool_calls ?? true,
    presence_penalty: 0,
    previous_response_id: null,
    prompt_cache_key: null,
    reasoning: { effort: reasoning?.effort ?? null, summary: reasoning?.summary ?? null },
    service_tier: completion.serviceTier,
    store: asked.store ?? true,
    temperature: asked.temperature ?? 1,
    text: { format: text?.format ?? { type: 'text' }, verbosity: 'medium' },
    tool_choice: asked.tool_choice ?? 'auto',
    tools: asked.tools ?? [],
    top_logprobs: asked.top_logprobs ?? 0,
    top_p: asked.top_p ?? 1,
    truncation: 'disabled',
    usage: state.usage,
    user: null,
    metadata: {},
  }
}

export function responsesUsage({ prompt, cached, reasoning, visible }: TokenCounts): object {
  return {
    input_tokens: prompt,
    input_tokens_details: { cached_tokens: cached },
    output_tokens: reasoning + visible,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: prompt + reasoning + visible,
  }
}

/** How the answer ended: its status, and why where it was cut. */
export function endOf({ choices }: Completion): { status: string; details: object | null } {
  const cut = choices[0]?.finish === 'length'
  return cut
    ? { status: 'incomplete', details: { reason: 'max_output_tokens' } }
    : { status: 'completed', details: null }
}

function responseIdOf({ id }: Completion): string {
  return `resp_${id.slice('chatcmpl-'.length)}`
}

function isSearch({ tools, input }: ResponsesRequest): boolean {
  const offered = (tools ?? []).some(({ type }) => type === 'web_search')
  return offered && /search/i.test(JSON.stringify(input))
}

/** The summary where it was asked for, sealed where it was asked for. */
function thought({ reasoning, include }: ResponsesRequest): OutputItem {
  const id = `rs_${hexadecimal(50)}`
  const pieces = reasoning?.summary == null ? [] : tokenize('**Thinking** about what was said.')
  const summary = pieces.length > 0 ? [{ type: 'summary_text', text: pieces.join('') }] : []
  const sealed = include?.includes('reasoning.encrypted_content')
  const body = { id, type: 'reasoning', ...(sealed && { encrypted_content: seal(id) }), summary }
  return { body, pieces, logprobs: [], annotations: [] }
}

const source = { url: 'https://example.com/weather', title: 'The weather' }

function searchCall(): OutputItem {
  const body = {
    id: `ws_${hexadecimal(50)}`,
    type: 'web_search_call',
    status: 'completed',
    action: { type: 'search', query: 'the weather', sources: [] },
  }
  return { body, pieces: [], logprobs: [], annotations: [] }
}

function message(completion: Completion, { searched }: { searched: boolean }): OutputItem {
  const [choice] = completion.choices
  const pieces = choice?.tokens ?? []
  const text = pieces.join('')
  const logprobs = choice ? logprobsOf(completion, pieces) : []
  const annotations = searched
    ? [{ type: 'url_citation', start_index: 0, end_index: text.length, ...source }]
    : []
  const content =
    choice?.kind === 'refusal'
      ? { type: 'refusal', refusal: text }
      : { type: 'output_text', annotations, logprobs, text }
  const status = endOf(completion).status
  const id = `msg_${hexadecimal(50)}`
  const body = { id, type: 'message', status, content: [content], role: 'assistant' }
  return { body, pieces, logprobs, annotations }
}

function logprobsOf(completion: Completion, tokens: string[]): object[] {
  const { logprobs } = logprobsMember(completion, 'text', tokens)
  return logprobs && 'content' in logprobs && Array.isArray(logprobs.content)
    ? logprobs.content
    : []
}
