import { connect } from 'node:net'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { requestOf } from '../support/ledger.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'

let simulator: OpenaiSimulator
let gateway: TestGateway

beforeAll(async () => {
  simulator = await startOpenaiSimulator()
  gateway = await startGateway(
    `[providers.openai]
     api_key = "sk-simulated"
     base_url = "${simulator.url}"`,
  )
})

afterAll(async () => {
  await gateway.stop()
  await simulator.close()
})

/** A raw client: it can vanish at any moment, and sees the head as it comes. */
async function open(stream: boolean) {
  const body = JSON.stringify({
    model: 'openai/gpt-4o',
    stream,
    messages: [{ role: 'user', content: 'hello' }],
  })
  const { hostname, port } = new URL(gateway.url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${gateway.adminKey}\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  return socket
}

/** The newest request on the ledger. */
async function newest(): Promise<string> {
  const answer = await gateway.graphql<{ requests: { edges: { node: { id: string } }[] } }>(
    '{ requests(first: 1) { edges { node { id } } } }',
  )
  return answer.data.requests.edges[0]?.node.id ?? ''
}

describe('a client that leaves closes the upstream request', () => {
  test.each([
    ['before the first byte of a stream', true, false],
    ['in the middle of a stream, while the provider is silent', true, true],
    ['while it waits for a whole answer', false, false],
  ])('%s', async (_name, stream, speak) => {
    const upstream = simulator.controlled()
    const socket = await open(stream)
    const request = await upstream.received
    if (speak) {
      upstream.text('Hel')
      const [head] = await once(socket, 'data')
      expect(String(head)).toContain('200 OK')
    }
    socket.destroy()
    await upstream.closed
    expect(request.aborted).toBe(true)
    const seen = await requestOf(gateway, await newest())
    expect(seen).toMatchObject({
      status: 'cancelled',
      errorCode: 'CANCELLED',
      attempts: [{ status: 'CANCELLED', errorCode: null }],
    })
    expect(seen?.attempts[0]?.timeToFirstTokenMs === null).toBe(!speak)
    expect(gateway.logs()).not.toMatch(/"level":(40|50|60)/)
  })

  test('one that reads to the end is not cancelled', async () => {
    const answer = await gateway.openai().chat.completions.create({
      model: 'openai/gpt-4o',
      messages: [{ role: 'user', content: 'hello' }],
    })
    expect(await requestOf(gateway, answer.id)).toMatchObject({ status: 'succeeded' })
  })
})
