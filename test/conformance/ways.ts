import type { TestGateway } from '../support/gateway.ts'
import { chatWays } from './chat-ways.ts'
import { completionsWays } from './completions-ways.ts'
import { graphqlWays } from './graphql-ways.ts'
import { messagesWays } from './messages-ways.ts'
import { responsesWays } from './responses-ways.ts'
import type { Outcome, Question, Way } from './question.ts'

/** Every way to a completion; a door that is missing here fails the suite. */
export const ways: readonly Way[] = [
  ...chatWays,
  ...completionsWays,
  ...messagesWays,
  ...responsesWays,
  ...graphqlWays,
]

interface AskOptions {
  model: string
  question: Question
  signal?: AbortSignal
  /** Told of every piece of the answer as it comes. */
  onPiece?: (text: string) => void
}

/** Asks in one way and reads the answer to its end. */
export async function ask(
  gateway: TestGateway,
  way: Way,
  { model, question, signal, onPiece }: AskOptions,
): Promise<Outcome> {
  const { accept, body } = way.post(model, question)
  const response = await fetch(gateway.url + way.path, {
    method: 'POST',
    headers: {
      accept,
      'content-type': 'application/json',
      authorization: `Bearer ${gateway.adminKey}`,
    },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  })
  const { status, headers } = response
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    const piece = decoder.decode(chunk, { stream: true })
    text += piece
    onPiece?.(piece)
  }
  const isStream = headers.get('content-type')?.startsWith('text/event-stream') ?? false
  return { status, headers, ...way.read(isStream ? framesOf(text) : [JSON.parse(text)]) }
}

/** The data of server-sent events, parsed; OpenAI's terminator is none. */
function framesOf(text: string): unknown[] {
  return text.split('\n').flatMap((line) => {
    const data = line.startsWith('data:') ? line.slice('data:'.length).trim() : ''
    return data === '' || data === '[DONE]' ? [] : [JSON.parse(data)]
  })
}
