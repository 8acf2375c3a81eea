import { at, Fold, list } from './fold.ts'
import type { Question, Turn, Way } from './question.ts'

/** `POST /graphql`: the mutation, and the subscription as server-sent events. */
export const graphqlWays: readonly Way[] = [false, true].map((stream) => ({
  name: stream ? 'GraphQL subscription' : 'GraphQL mutation',
  path: '/graphql',
  stream,
  post: (model, question) => ({
    accept: stream ? 'text/event-stream' : 'application/json',
    body: { query: stream ? subscription : mutation, variables: { input: input(model, question) } },
  }),
  read: (answer) => {
    const fold = new Fold()
    for (const frame of answer) {
      const [problem] = list(at(frame, 'errors'))
      if (problem) fold.error('GRAPHQL', at(problem, 'message'), undefined)
      const whole = at(frame, 'data', 'createCompletion')
      if (whole) readWhole(fold, whole)
      const event = at(frame, 'data', 'completion')
      if (event) readEvent(fold, event)
    }
    return fold.outcome
  },
}))

const failure = 'code message path retryAfterMs'
const completion = `id content finishReason warnings
  toolCalls { id name arguments } choices { reasoning }
  usage { inputTokens cachedInputTokens cacheWriteTokens outputTokens reasoningTokens }`

const mutation = `mutation ($input: CompletionInput!) { createCompletion(input: $input) {
  ... on Completion { ${completion} } ... on CompletionError { ${failure} } } }`

const subscription = `subscription ($input: CompletionInput!) { completion(input: $input) {
  __typename
  ... on TextDelta { text }
  ... on ReasoningDelta { thought: text }
  ... on ToolCallDelta { index id name argumentsDelta }
  ... on CompletionFinished { completion { ${completion} } }
  ... on CompletionFailed { error { ${failure} } } } }`

function input(model: string, { turns, tools, schema, effort }: Question): object {
  return {
    model,
    messages: turns.map(inputTurn),
    ...(tools && { tools }),
    ...(schema && {
      responseFormat: { type: 'json_schema', json_schema: { name: 'answer', schema } },
    }),
    ...(effort && { reasoningEffort: effort }),
  }
}

function inputTurn(turn: Turn): object {
  switch (turn.role) {
    case 'user':
      return {
        role: 'USER',
        parts: [
          { text: turn.text },
          ...(turn.image === undefined ? [] : [{ image: { url: turn.image } }]),
        ],
      }
    case 'assistant':
      return { role: 'ASSISTANT', toolCalls: turn.calls }
    case 'tool':
      return { role: 'TOOL', toolCallId: turn.id, content: turn.text }
    default:
      return turn satisfies never
  }
}

function readWhole(fold: Fold, answer: unknown): void {
  if (at(answer, 'code')) return readFailure(fold, answer)
  fold.text(at(answer, 'content'))
  fold.reasoning(at(answer, 'choices', 0, 'reasoning'))
  for (const [index, call] of list(at(answer, 'toolCalls')).entries()) {
    fold.call(index, { id: at(call, 'id'), name: at(call, 'name'), piece: at(call, 'arguments') })
  }
  readEnd(fold, answer)
}

function readEvent(fold: Fold, event: unknown): void {
  fold.text(at(event, 'text'))
  fold.reasoning(at(event, 'thought'))
  if (at(event, '__typename') === 'ToolCallDelta') {
    fold.call(at(event, 'index'), {
      id: at(event, 'id'),
      name: at(event, 'name'),
      piece: at(event, 'argumentsDelta'),
    })
  }
  const whole = at(event, 'completion')
  if (whole) readEnd(fold, whole)
  const error = at(event, 'error')
  if (error) readFailure(fold, error)
}

function readEnd(fold: Fold, answer: unknown): void {
  fold.finish(String(at(answer, 'finishReason')).toLowerCase())
  fold.warnings(at(answer, 'warnings'))
  const sum = (...classes: string[]): unknown => {
    const counts = classes
      .map((name) => at(answer, 'usage', name))
      .filter((count) => typeof count === 'number')
    return counts.length === 0 ? undefined : counts.reduce((total, count) => total + count, 0)
  }
  fold.usage(
    sum('inputTokens', 'cachedInputTokens', 'cacheWriteTokens'),
    sum('outputTokens', 'reasoningTokens'),
  )
}

/** Codes are compared in the lower case of the REST doors. */
function readFailure(fold: Fold, error: unknown): void {
  const code = String(at(error, 'code')).toLowerCase()
  fold.error(code, at(error, 'message'), at(error, 'path'), at(error, 'retryAfterMs'))
}
