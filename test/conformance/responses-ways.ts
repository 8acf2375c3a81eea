import { at, Fold, list } from './fold.ts'
import type { Question, Turn, Way } from './question.ts'

/** `POST /v1/responses`. */
export const responsesWays: readonly Way[] = [false, true].map((stream) => ({
  name: stream ? 'responses, streamed' : 'responses',
  path: '/v1/responses',
  stream,
  post: (model, question) => ({
    accept: '*/*',
    body: { model, stream, input: question.turns.flatMap(items), ...members(question) },
  }),
  read: (answer) => {
    const fold = new Fold()
    for (const frame of answer) readFrame(fold, frame)
    return fold.outcome
  },
}))

function members({ tools, schema, effort }: Question): object {
  return {
    ...(tools && { tools: tools.map((tool) => ({ type: 'function', strict: false, ...tool })) }),
    ...(schema && { text: { format: { type: 'json_schema', name: 'answer', schema } } }),
    ...(effort && { reasoning: { effort } }),
  }
}

function items(turn: Turn): object[] {
  switch (turn.role) {
    case 'user':
      return [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: turn.text },
            ...(turn.image === undefined ? [] : [{ type: 'input_image', image_url: turn.image }]),
          ],
        },
      ]
    case 'assistant':
      return turn.calls.map(({ id, ...call }) => ({ type: 'function_call', call_id: id, ...call }))
    case 'tool':
      return [{ type: 'function_call_output', call_id: turn.id, output: turn.text }]
    default:
      return turn satisfies never
  }
}

function readFrame(fold: Fold, frame: unknown): void {
  const error = at(frame, 'error') ?? at(frame, 'response', 'error')
  if (error) fold.error(at(error, 'code'), at(error, 'message'), at(error, 'param'))
  switch (at(frame, 'type')) {
    case undefined:
      return readWhole(fold, frame, { streamed: false })
    case 'response.output_text.delta':
      return fold.text(at(frame, 'delta'))
    case 'response.reasoning_text.delta':
    case 'response.reasoning_summary_text.delta':
      return fold.reasoning(at(frame, 'delta'))
    case 'response.function_call_arguments.delta':
      return fold.call(at(frame, 'output_index'), { piece: at(frame, 'delta') })
    case 'response.output_item.added': {
      const item = at(frame, 'item')
      if (at(item, 'type') !== 'function_call') return
      return fold.call(at(frame, 'output_index'), {
        id: at(item, 'call_id'),
        name: at(item, 'name'),
      })
    }
    case 'response.completed':
      return readWhole(fold, at(frame, 'response'), { streamed: true })
  }
}

/** Of a stream the last event repeats what the deltas said. */
function readWhole(fold: Fold, response: unknown, { streamed }: { streamed: boolean }): void {
  const output = list(at(response, 'output'))
  if (!streamed) for (const [index, item] of output.entries()) readItem(fold, index, item)
  const calls = output.some((item) => at(item, 'type') === 'function_call')
  if (at(response, 'status') === 'completed') fold.finish(calls ? 'tool_calls' : 'stop')
  const usage = at(response, 'usage')
  fold.usage(at(usage, 'input_tokens'), at(usage, 'output_tokens'))
  fold.warnings(at(response, 'xrouter', 'warnings'))
}

function readItem(fold: Fold, index: number, item: unknown): void {
  for (const part of list(at(item, 'content'))) {
    if (at(part, 'type') === 'output_text') fold.text(at(part, 'text'))
    if (at(part, 'type') === 'reasoning_text') fold.reasoning(at(part, 'text'))
  }
  for (const part of list(at(item, 'summary'))) fold.reasoning(at(part, 'text'))
  if (at(item, 'type') !== 'function_call') return
  fold.call(index, {
    id: at(item, 'call_id'),
    name: at(item, 'name'),
    piece: at(item, 'arguments'),
  })
}
