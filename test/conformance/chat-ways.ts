import { at, Fold, list } from './fold.ts'
import type { Question, Turn, Way } from './question.ts'

/** `POST /v1/chat/completions`. */
export const chatWays: readonly Way[] = [false, true].map((stream) => ({
  name: stream ? 'chat, streamed' : 'chat',
  path: '/v1/chat/completions',
  stream,
  post: (model, question) => ({
    accept: '*/*',
    body: {
      model,
      stream,
      messages: question.turns.map(wireTurn),
      ...members(question),
      ...(stream && { stream_options: { include_usage: true } }),
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
    ...(tools && { tools: tools.map((tool) => ({ type: 'function', function: tool })) }),
    ...(schema && {
      response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } },
    }),
    ...(effort && { reasoning_effort: effort }),
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
            : [{ type: 'image_url', image_url: { url: turn.image } }]),
        ],
      }
    case 'assistant':
      return {
        role: 'assistant',
        content: null,
        tool_calls: turn.calls.map(({ id, ...call }) => ({ id, type: 'function', function: call })),
      }
    case 'tool':
      return { role: 'tool', tool_call_id: turn.id, content: turn.text }
    default:
      return turn satisfies never
  }
}

function readFrame(fold: Fold, frame: unknown): void {
  const error = at(frame, 'error')
  if (error) fold.error(at(error, 'code'), at(error, 'message'), at(error, 'param'))
  const choice = at(frame, 'choices', 0)
  const said = at(choice, 'delta') ?? at(choice, 'message')
  fold.text(at(said, 'content'))
  fold.reasoning(at(said, 'reasoning_content'))
  for (const [index, call] of list(at(said, 'tool_calls')).entries()) {
    fold.call(at(call, 'index') ?? index, {
      id: at(call, 'id'),
      name: at(call, 'function', 'name'),
      piece: at(call, 'function', 'arguments'),
    })
  }
  fold.finish(at(choice, 'finish_reason'))
  const usage = at(frame, 'usage')
  fold.usage(at(usage, 'prompt_tokens'), at(usage, 'completion_tokens'))
  fold.warnings(at(frame, 'xrouter', 'warnings'))
}
