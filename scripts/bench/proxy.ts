import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Agent, request as send } from 'undici'
import { announce } from './child.ts'

/**
 * The bare proxy: Node's HTTP server, undici, JSON parsed and made again both ways, and nothing else.
 * Streams are parsed and made again frame by frame.
 */
const upstream = process.argv[2] ?? ''
const agent = new Agent()
const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`)
    response.destroy()
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => announce(server))

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const headers = { 'content-type': 'application/json', authorization: 'Bearer sk-bench' }
  const url = `${upstream}${request.url ?? ''}`
  if (request.method === 'GET') {
    const { body } = await send(url, { headers, dispatcher: agent })
    return sendJson(response, await body.json())
  }
  const parsed = await readJson(request)
  const answer = await send(url, {
    method: 'POST',
    headers,
    body: JSON.stringify(parsed),
    dispatcher: agent,
  })
  if (!String(answer.headers['content-type']).startsWith('text/event-stream')) {
    return sendJson(response, await answer.body.json())
  }
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
  let open = ''
  for await (const chunk of answer.body) {
    const frames = (open + String(chunk)).split('\n\n')
    open = frames.pop() ?? ''
    for (const frame of frames) response.write(again(frame))
  }
  response.end()
}

function again(frame: string): string {
  const data = frame.slice('data: '.length)
  return data === '[DONE]' ? `${frame}\n\n` : `data: ${JSON.stringify(JSON.parse(data))}\n\n`
}

function sendJson(response: ServerResponse, value: unknown): void {
  const text = JSON.stringify(value)
  const length = Buffer.byteLength(text)
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': length })
  response.end(text)
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return JSON.parse(Buffer.concat(chunks).toString('utf8'))
}
