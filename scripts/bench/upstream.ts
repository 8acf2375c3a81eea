import { createServer, type ServerResponse } from 'node:http'
import { announce, portFromArguments } from './child.ts'
import { stampNow } from './stamp.ts'
import { answer, tokensPerAnswer, tokensPerSecond, upstreamModel } from './workload.ts'

/** The provider: a process that answers every request in the same words, or streams words that tell when they were sent. */
const json = { 'content-type': 'application/json' }
const answerHead = { ...json, 'content-length': Buffer.byteLength(answer) }
const modelList = JSON.stringify({
  object: 'list',
  data: Array.from({ length: 40 }, (_, index) => ({
    id: index === 0 ? upstreamModel : `bench-model-${index}`,
    object: 'model',
    created: 1_700_000_000 + index,
    owned_by: 'bench',
  })),
})

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.writeHead(200, json).end(modelList)
    return
  }
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const streamed = Buffer.concat(chunks).includes('"stream":true')
    if (streamed) stream(response)
    else response.writeHead(200, answerHead).end(answer)
  })
})
server.keepAliveTimeout = 60_000
server.listen(portFromArguments(), '127.0.0.1', () => announce(server))

function stream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
  response.write(frame([{ index: 0, delta: { role: 'assistant', content: '' } }]))
  let sent = 0
  const timer = setInterval(() => {
    sent += 1
    if (sent > tokensPerAnswer) {
      clearInterval(timer)
      finish(response)
    } else {
      const delta = { content: stampNow() }
      response.write(frame([{ index: 0, delta, logprobs: null, finish_reason: null }]))
    }
  }, 1000 / tokensPerSecond)
  response.once('close', () => clearInterval(timer))
}

function finish(response: ServerResponse): void {
  const last = frame([{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }])
  const usage = {
    prompt_tokens: 36,
    completion_tokens: tokensPerAnswer,
    total_tokens: 36 + tokensPerAnswer,
  }
  response.end(`${last}${frame([], usage)}data: [DONE]\n\n`)
}

function frame(choices: unknown[], usage: object | null = null): string {
  const chunk = {
    id: 'chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz012',
    object: 'chat.completion.chunk',
    created: 1_750_000_000,
    model: 'gpt-4o-mini-2024-07-18',
    service_tier: 'default',
    system_fingerprint: 'fp_0123456789',
    choices,
    usage,
  }
  return `data: ${JSON.stringify(chunk)}\n\n`
}
