import type { IncomingMessage } from 'node:http'
import {
  getSSEProcessor,
  isAsyncIterable,
  processRegularResult,
  type FetchAPI,
  type GraphQLParams,
} from 'graphql-yoga'
import type { Logger } from 'pino'
import { eventStream, mediaRanges, takesEvents, type JsonType } from './accept.ts'
import type { GraphqlContext } from './context.ts'
import type { Engine } from './engine.ts'
import { jsonRequest } from './json-request.ts'
import { publicErrors } from './masking.ts'
import type { PlannedAnswers } from './planned-answers.ts'

/** A POST of JSON that was read, by a caller who takes `type`. */
export interface JsonPost {
  message: IncomingMessage
  content: unknown
  type: JsonType
}

/** A single answer as it goes to the socket. */
export class JsonAnswer {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: string | null

  constructor(body: string | null, init: { status: number; headers: Record<string, string> }) {
    this.status = init.status
    this.headers = init.headers
    this.body = body
  }
}

export type AnswerJson = (post: JsonPost, context: GraphqlContext) => Promise<JsonAnswer | Response>

/**
 * Answers a POST of JSON byte for byte as Yoga's own handler does, at less than half the cost: the same
 * hooks, the same enveloped engine, the same serialisation, but no Fetch objects and no streams between.
 */
export function createAnswerJson(
  engine: Engine,
  { logger, planned }: { logger: Logger; planned?: PlannedAnswers | undefined },
): AnswerJson {
  const { parseRequest, getResultForParams, fetchAPI, waitUntil } = engine
  const operationResult = async (
    request: Request,
    params: GraphQLParams,
    context: GraphqlContext,
  ) => {
    try {
      return (await getResultForParams({ params, request }, context)) ?? {}
    } catch (error) {
      return { errors: publicErrors(error, { logger }) }
    }
  }
  const requestResult = async (request: Request, context: GraphqlContext) => {
    const server = Object.assign(context, { waitUntil })
    const { requestParserResult: params, response } = await parseRequest(request, server)
    if (response) return response
    if (!Array.isArray(params)) return operationResult(request, params, context)
    return Promise.all(
      params.map(async (one) => {
        const result = await operationResult(request, one, Object.create(context))
        return isAsyncIterable(result) ? {} : result // a stream has no place in a list
      }),
    )
  }

  return async ({ message, content, type }, context) => {
    const call = planned?.find(content)
    const result = await (
      call && planned
        ? planned.run(engine, call, context)
        : requestResult(jsonRequest(message, content, context.signal), context)
    ).catch((error: unknown) => ({ errors: publicErrors(error, { logger }) }))
    if (result instanceof fetchAPI.Response) return result
    if (isAsyncIterable(result)) return eventsAnswer(result, message.headers.accept, fetchAPI)
    const answer: unknown = processRegularResult(result, answering(JsonAnswer), type)
    if (answer instanceof JsonAnswer) return answer
    throw new Error('Yoga answered with something else than it was given')
  }
}

const sendEvents = getSSEProcessor()

/** The events of a subscription to a caller who takes them beside JSON; 406, as Yoga, for one who does not. */
function eventsAnswer(
  events: Extract<Parameters<typeof sendEvents>[0], AsyncIterable<unknown>>,
  accept: string | undefined,
  fetchAPI: FetchAPI,
): Promise<Response> | Response | JsonAnswer {
  if (takesEvents(accept)) return sendEvents(events, fetchAPI, eventStream)
  void events[Symbol.asyncIterator]().return?.()
  const offered = mediaRanges(accept).map(() => eventStream)
  return new JsonAnswer(null, {
    status: 406,
    headers: { accept: offered.join('; charset=utf-8, ') },
  })
}

/** `processRegularResult` takes nothing but `Response` from it, and hands back what that constructs. */
function answering(Response: typeof JsonAnswer): FetchAPI {
  return { Response } as unknown as FetchAPI
}
