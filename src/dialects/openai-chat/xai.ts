import { GatewayError } from '../../errors.ts'
import type { ChatApi } from '../../protocol/chat-api.ts'
import type { ChatEvent, ExtraMembers, Finish } from '../../protocol/event.ts'
import type { ChatRequest } from '../../protocol/request.ts'
import { text } from '../narrow.ts'
import { openaiChatApi } from './chat-api.ts'
import { openaiChat } from './dialect.ts'
import { plainTurns } from './plain-turns.ts'
import { effortFor, xaiTraits } from './xai-traits.ts'

/** Chat completions of xAI, for which some of OpenAI's members depend on the model. */
export function xaiChatApi(): ChatApi {
  const chat = openaiChatApi()
  return {
    ...chat,
    encodeRequest: (request, model) => chat.encodeRequest(xaiRequest(request, model), model),
    decodeEvents: (data) => citing(chat.decodeEvents(data)),
    decodeBody: (body) => chat.decodeBody(body).flatMap(withAnnotations),
  }
}

function xaiRequest(request: ChatRequest, model: string): ChatRequest {
  if (request.passthrough?.members['deferred'] === true) throw deferred()
  const asked = plainTurns({ ...request, reasoningEffort: effortFor(model, request) })
  if (!xaiTraits(model).reasons) return asked
  return { ...asked, frequencyPenalty: undefined, presencePenalty: undefined }
}

/** The answer would be an id to ask with later, which no door of ours has a word for. */
function deferred(): GatewayError {
  return new GatewayError({
    code: 'UNSUPPORTED_FEATURE',
    message: 'Deferred completions are not supported: leave `deferred` out, or stream the answer.',
    path: 'deferred',
  })
}

/** The pages of a search come in the last chunk, after the choice has ended: its end waits for them. */
async function* citing(events: AsyncIterable<ChatEvent>): AsyncGenerator<ChatEvent> {
  const finishes: Finish[] = []
  for await (const event of events) {
    if (event.type === 'finish') finishes.push(event)
    else yield* withAnnotations(event)
  }
  yield* finishes
}

/** Pages are told for the whole answer; doors of other dialects show them as citations. */
function withAnnotations(event: ChatEvent): ChatEvent[] {
  const urls = event.type === 'extra' ? citationsIn(event) : []
  if (urls.length === 0) return [event]
  const annotations = urls.map((url) => ({ dialect: openaiChat, raw: citation(url), url }))
  return [event, { type: 'annotations', choice: 0, annotations }]
}

function citationsIn({ members }: ExtraMembers): string[] {
  const { citations } = members
  return Array.isArray(citations) ? citations.flatMap((url: unknown) => text(url) ?? []) : []
}

function citation(url: string): unknown {
  return { type: 'url_citation', url_citation: { url, title: '', start_index: 0, end_index: 0 } }
}
