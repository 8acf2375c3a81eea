import { at, Fold } from './fold.ts'
import type { Way } from './question.ts'

/** `POST /v1/completions`, which has words for one prompt and a text. */
export const completionsWays: readonly Way[] = [false, true].map((stream) => ({
  name: stream ? 'legacy completions, streamed' : 'legacy completions',
  path: '/v1/completions',
  stream,
  expresses: ({ turns: [turn, ...others], tools, schema, effort }) =>
    turn?.role === 'user' && !turn.image && others.length === 0 && !tools && !schema && !effort,
  post: (model, { turns: [turn] }) => ({
    accept: '*/*',
    body: {
      model,
      stream,
      prompt: turn?.role === 'user' ? turn.text : '',
      // Sixteen, unless told.
      max_tokens: 1000,
      ...(stream && { stream_options: { include_usage: true } }),
    },
  }),
  read: (answer) => {
    const fold = new Fold()
    for (const frame of answer) {
      const error = at(frame, 'error')
      if (error) fold.error(at(error, 'code'), at(error, 'message'), at(error, 'param'))
      fold.text(at(frame, 'choices', 0, 'text'))
      fold.finish(at(frame, 'choices', 0, 'finish_reason'))
      const usage = at(frame, 'usage')
      fold.usage(at(usage, 'prompt_tokens'), at(usage, 'completion_tokens'))
      fold.warnings(at(frame, 'xrouter', 'warnings'))
    }
    return fold.outcome
  },
}))
