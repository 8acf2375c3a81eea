import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buildSchema, GraphQLError } from 'graphql'
import { createYoga, type Plugin } from 'graphql-yoga'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { jsonTypeFor } from '../../src/graphql/accept.ts'
import type { GraphqlContext } from '../../src/graphql/context.ts'
import type { Engine } from '../../src/graphql/engine.ts'
import { createAnswerJson, JsonAnswer } from '../../src/graphql/json-answer.ts'
import { publicError } from '../../src/graphql/masking.ts'
import { sendJsonAnswer, sendResponse } from '../../src/graphql/respond.ts'

const logger = pino({ level: 'silent' })

const refusal = (extensions: Record<string, unknown>) =>
  new GraphQLError('No.', { extensions: { code: 'NO', ...extensions } })

const resolvers: Record<string, () => unknown> = {
  fine: () => 'fine',
  slow: async () => 'slow',
  teapot: () => {
    throw refusal({ http: { status: 418, headers: { 'retry-after': '7', 'x-tea': 'yes' } } })
  },
  strict: () => {
    throw refusal({ http: { status: 422, spec: true } })
  },
  bug: () => {
    throw new TypeError('the password is hunter2')
  },
  several: () => {
    throw new AggregateError([new Error('one'), refusal({ http: { status: 409 } })])
  },
  child: () => ({ needed: () => null }),
  list: () => ['a', null, 'b'],
}

/** Lets a field say what its error is over HTTP, which the errors of our own fields never do. */
function maskError(error: unknown): GraphQLError {
  const isMeant = error instanceof GraphQLError && error.originalError instanceof GraphQLError
  return isMeant ? error : publicError(error, { logger })
}

/** One hook of each kind, each at work for the operations that ask for it by an extension. */
const plugins: Plugin<GraphqlContext>[] = [
  {
    onRequestParse: ({ request, endResponse, fetchAPI }) => {
      const wish = request.headers.get('x-wish')
      if (wish === 'forbid') throw refusal({ http: { status: 403 } })
      if (wish === 'end') {
        endResponse(new fetchAPI.Response('ended', { status: 202, headers: { 'x-own': 'yes' } }))
      }
      return {
        onRequestParseDone: ({ setRequestParserResult }) => {
          if (wish === 'replace') setRequestParserResult({ query: '{ slow }' })
        },
      }
    },
    onParams: ({ params, setParams, setResult, request }) => {
      const wish = Object(params?.extensions).wish
      if (wish === 'limit')
        throw refusal({ http: { status: 429, headers: { 'Retry-After': '1' } } })
      if (wish === 'several') {
        throw new AggregateError([refusal({ http: { status: 401 } }), new Error('hunter2')])
      }
      if (wish === 'bug') throw new TypeError('the password is hunter2')
      if (wish === 'result') {
        setResult({
          data: { from: request.method },
          extensions: { http: { status: 203 }, more: 1 },
        })
      }
      if (wish === 'url') setResult({ data: { path: new URL(request.url).pathname } })
      if (wish === 'headers') setResult({ data: { hosts: [...request.headers].length > 2 } })
      if (wish === 'stored') setParams({ query: '{ stored: fine }' })
    },
    onExecutionResult: (payload) => {
      const { result, context } = payload
      if (Object(context.params?.extensions).wish === 'timed' && result && 'data' in result) {
        payload.setResult({ ...result, extensions: { timed: true } })
      }
    },
    onParse: ({ params: { source } }) => {
      if (String(source).includes('unparsable')) throw refusal({ http: { status: 400 } })
    },
    onValidate: ({ setResult, params: { documentAST } }) => {
      if (JSON.stringify(documentAST).includes('__forbidden')) setResult([refusal({})])
    },
    onContextBuilding: ({ context }) => {
      if (Object(context.params?.extensions).wish === 'context') throw new Error('hunter2')
    },
    onExecute: ({ args, setResultAndStopExecution }) => {
      if (args.operationName !== 'Stopped') return undefined
      const stringify = (): string => '{"data":"written by hand"}'
      setResultAndStopExecution(Object.assign({ data: null }, { stringify }))
      return undefined
    },
  },
]

const engine: Engine = createYoga<GraphqlContext>({
  schema: withResolvers(),
  graphiql: false,
  logging: false,
  cors: false,
  batching: { limit: 3 },
  maskedErrors: { maskError },
  plugins,
})

const server = createServer((req, res) => {
  void (async () => {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(Buffer.from(chunk))
    const body = Buffer.concat(chunks)
    const context = { requestId: 'req_1', signal: new AbortController().signal } as GraphqlContext
    const type = jsonTypeFor(req.headers.accept)
    if (req.headers['x-by'] === 'yoga' || !type) {
      Object.assign(req, { body })
      return sendResponse(await engine.handleNodeRequestAndResponse(req, res, context), res)
    }
    const content: unknown = JSON.parse(body.toString())
    const answer = await answerJson({ message: req, content, type }, context)
    return answer instanceof JsonAnswer ? sendJsonAnswer(answer, res) : sendResponse(answer, res)
  })()
})
const answerJson = createAnswerJson(engine, { logger })

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

async function answers(by: string, body: unknown, headers: Record<string, string>) {
  const { port } = server.address() as AddressInfo
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-by': by, ...headers },
    body: JSON.stringify(body),
  })
  const kept = [...response.headers].filter(([name]) => name !== 'date')
  return { status: response.status, headers: kept, body: await response.text() }
}

const wish = (name: string) => ({ query: '{ fine }', extensions: { wish: name } })

const operations: [string, unknown, number, Record<string, string>?][] = [
  ['data at once and later', { query: '{ fine slow list }' }, 200],
  ['null up to the nearest nullable field', { query: '{ fine child { needed } }' }, 200],
  ['a status and headers of an error', { query: '{ fine teapot }' }, 418],
  ['a status that is only for the stricter media type', { query: '{ strict }' }, 422],
  ['the highest of several statuses', { query: '{ teapot strict }' }, 422],
  ['a bug', { query: '{ fine bug }' }, 200],
  ['a bug without data', { query: '{ child { needed } bug }' }, 200],
  ['several errors at once', { query: '{ several }' }, 409],
  ['a mutation', { query: 'mutation { fine slow }' }, 200],
  ['a batch with statuses', [{ query: '{ teapot }' }, { query: '{ fine }' }, wish('limit')], 200],
  ['a batch over the limit', [{}, {}, {}, {}], 413],
  ['an error of onParams', wish('limit'), 429],
  ['several errors of onParams', wish('several'), 500],
  ['a bug in onParams', wish('bug'), 500],
  ['a result of onParams', wish('result'), 203],
  ['what onParams sees of the URL', wish('url'), 200],
  ['what onParams sees of the headers', wish('headers'), 200],
  ['parameters of onParams, as persisted documents use it', wish('stored'), 200],
  ['a result of onExecutionResult', wish('timed'), 200],
  ['an error of the context', wish('context'), 500],
  ['an error of onParse', { query: '{ unparsable }' }, 400],
  ['an error of onValidate', { query: '{ __forbidden }' }, 400],
  [
    'a result of onExecute with its own text',
    { query: 'query Stopped { fine }', operationName: 'Stopped' },
    200,
  ],
  [
    'an error of onRequestParse, as CSRF prevention throws it',
    { query: '{ fine }' },
    403,
    { 'x-wish': 'forbid' },
  ],
  ['an answer of onRequestParse', { query: '{ fine }' }, 202, { 'x-wish': 'end' }],
  ['parameters of onRequestParseDone', { query: '{ fine }' }, 200, { 'x-wish': 'replace' }],
]

test.each(operations)('%s', async (_operation, body, status, headers = {}) => {
  const strict = { accept: 'application/graphql-response+json', ...headers }
  const answer = await answers('us', body, strict)
  expect(answer.status).toBe(status)
  expect(answer.body).not.toContain('hunter2')
  expect(answer).toEqual(await answers('yoga', body, strict))
  const usual = { accept: 'application/json', ...headers }
  expect(await answers('us', body, usual)).toEqual(await answers('yoga', body, usual))
})

function withResolvers() {
  const fields =
    'fine: String slow: String teapot: String strict: String bug: String several: String'
  const schema = buildSchema(
    `type Query { ${fields} child: Child list: [String] } type Mutation { ${fields} } type Child { needed: String! }`,
  )
  for (const type of [schema.getQueryType(), schema.getMutationType()]) {
    for (const field of Object.values(type?.getFields() ?? {})) {
      const resolve = resolvers[field.name]
      if (resolve) field.resolve = resolve
    }
  }
  return schema
}
