import { at, Fold, list } from './fold.ts'
import { type Question, type Turn, type Way, pixel } from './question.ts'

/** `POST /v1/messages`. */
export const messagesWays: readonly Way[] = [false, true].map((stream) => ({
  name: stream ? 'messages, streamed' : 'messages',
  path: '/v1/messages',
  stream,
  post: (model, question) => ({
    accept: '*/*',
    body: {
      model,
      stream,
      max_tokens: 4096,
      messages: question.turns.map(wireTurn),
      ...members(question),
    },
  }),
  read: (answer) => {
    const fold = new Fold()
    for (const frame of answer) readFrame(fold, frame)
    return fold.outcome
  },
}))

function members({ tools, schema, effort }: Question): object {
  return {
    ...(tools && {
      tools: tools.map(({ parameters, ...tool }) => ({ ...tool, input_schema: parameters })),
    }),
    ...(effort && { thinking: { type: 'adaptive' } }),
    ...((schema ?? effort) && {
      output_config: {
        ...(schema && { format: { type: 'json_schema', schema } }),
        ...(effort && { effort }),
      },
    }),
  }
}

function wireTurn(turn: Turn): object {
  switch (turn.role) {
    case 'user':
      return {
        role: 'user',
        content: [
          { type: 'text', text: turn.text },
          ...(turn.image === undefined
            ? []
            : [
                {
                  type: 'image',
                  source: { type: 'base64', media_type: 'image/png', data: pixel },
                },
              ]),
        ],
      }
    case 'assistant':
      return {
        role: 'assistant',
        content: turn.calls.map(({ id, name, arguments: written }) => ({
          type: 'tool_use',
          id,
          name,
          input: JSON.parse(written),
        })),
      }
    case 'tool':
      return {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: turn.id, content: turn.text }],
      }
    default:
      return turn satisfies never
  }
}

function readFrame(fold: Fold, frame: unknown): void {
  const error = at(frame, 'error')
  if (error) {
    fold.error(
      at(error, 'details', 'error_code'),
      at(error, 'message'),
      at(error, 'details', 'param'),
    )
  }
  for (const [index, block] of list(at(frame, 'content')).entries()) readBlock(fold, index, block)
  const index = at(frame, 'index')
  readBlock(fold, index, at(frame, 'content_block'))
  const delta = at(frame, 'delta')
  fold.text(at(delta, 'text'))
  fold.reasoning(at(delta, 'thinking'))
  if (at(delta, 'type') === 'input_json_delta') {
    fold.call(index, { piece: at(delta, 'partial_json') })
  }
  fold.finish(reasons[String(at(frame, 'stop_reason') ?? at(delta, 'stop_reason'))])
  readUsage(fold, at(frame, 'usage'))
  for (const place of [frame, at(frame, 'message')]) {
    fold.warnings(at(place, 'xrouter', 'warnings'))
  }
}

function readBlock(fold: Fold, index: unknown, block: unknown): void {
  if (at(block, 'type') === 'text') fold.text(at(block, 'text'))
  if (at(block, 'type') === 'thinking') fold.reasoning(at(block, 'thinking'))
  if (at(block, 'type') !== 'tool_use') return
  const input = at(block, 'input')
  // A stream opens the call with an empty object and fills it by deltas.
  const piece = Object.keys(Object(input)).length > 0 ? JSON.stringify(input) : undefined
  fold.call(index, { id: at(block, 'id'), name: at(block, 'name'), piece })
}

function readUsage(fold: Fold, usage: unknown): void {
  const input = ['input_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens']
    .map((name) => at(usage, name))
    .filter((count) => typeof count === 'number')
  if (input.length === 0) return
  fold.usage(
    input.reduce((total, count) => total + count, 0),
    at(usage, 'output_tokens'),
  )
}

const reasons: Record<string, string> = {
  end_turn: 'stop',
  tool_use: 'tool_calls',
  max_tokens: 'length',
}
