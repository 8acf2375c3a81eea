import { request as httpRequest } from 'node:http'
import { createContext } from '../../src/graphql/context.ts'
import { createEngine } from '../../src/graphql/engine.ts'
import { notAcceptable, sendError, sendResponse } from '../../src/graphql/respond.ts'
import type { GraphqlServer, GraphqlServerDeps } from '../../src/graphql/server.ts'

/** Yoga's own handler for HTTP over the same engine, but that its 406 gets a body: what every answer is compared with. */
export function yogaHandler(deps: GraphqlServerDeps): GraphqlServer['handle'] {
  const engine = createEngine(deps)
  return async (req, res, { requestId, body, signal }) => {
    res.setHeader('x-request-id', requestId)
    const actor = await deps.authenticate(req.headers.authorization, req)
    const context = createContext(deps, { actor, requestId, signal, message: req })
    Object.assign(req, { body: body?.length === 0 ? ' ' : body })
    const answer = await engine.handleNodeRequestAndResponse(req, res, context)
    if (answer.status === 406) return sendError(res, notAcceptable(), requestId)
    await sendResponse(answer, res)
  }
}

interface Exchange {
  status: number | undefined
  headers: string[]
  body: string
}

/** Everything that comes over the socket, but for the time; ids are counted alike on both servers. */
export function exchange(url: string, body: string | Buffer, headers: object): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(url, {
      method: 'POST',
      agent: false,
      headers: {
        authorization: 'Bearer admin',
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        ...headers,
      },
    })
    outgoing.on('error', reject).on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject)
      response.on('end', () => {
        const { statusCode: status, rawHeaders } = response
        const pairs = rawHeaders.flatMap((name, index) =>
          index % 2 === 0 && name !== 'Date' ? [`${name}: ${rawHeaders[index + 1]}`] : [],
        )
        resolve({ status, headers: pairs, body: Buffer.concat(chunks).toString('latin1') })
      })
    })
    outgoing.end(body)
  })
}

export function bytesOf(body: unknown): string | Buffer {
  return typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
}
