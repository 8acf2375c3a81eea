import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { vi } from 'vitest'

/** A message as it arrived. */
export interface ReceivedMessage {
  path: string
  headers: IncomingHttpHeaders
  /** To the byte. */
  body: string
}

export type Answer = (response: ServerResponse) => void

export interface WebhookReceiver {
  url: string
  received: ReceivedMessage[]
  /** How the next messages are answered; 204 where nothing is said. */
  next(...answers: Answer[]): void
  /** Forgets what arrived and what was to be answered. */
  reset(): void
  /** Resolves when so many messages have arrived. */
  arrived(count: number): Promise<ReceivedMessage[]>
  /** Connections that were opened so far. */
  connections(): number
  close(): Promise<void>
}

export function answer(status: number, headers: Record<string, string> = {}, body = ''): Answer {
  return (response) => void response.writeHead(status, headers).end(body)
}

/** Never says anything. */
export const silence: Answer = () => {}

/** An endpoint of somebody's: a real HTTP server on the loopback interface. */
export async function startReceiver(): Promise<WebhookReceiver> {
  const received: ReceivedMessage[] = []
  const answers: Answer[] = []
  let connections = 0
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer)
    } catch {
      return
    }
    const { url: path = '', headers } = request
    received.push({ path, headers, body: Buffer.concat(chunks).toString() })
    const reply = answers.shift() ?? answer(204)
    reply(response)
  }
  const server = createServer((request, response) => void receive(request, response))
  server.on('connection', () => (connections += 1))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hook?token=of-the-url`,
    received,
    next: (...more) => void answers.push(...more),
    reset: () => {
      received.length = 0
      answers.length = 0
    },
    arrived: async (count) => {
      await vi.waitFor(
        () => {
          if (received.length < count) throw new Error(`${received.length} of ${count} arrived`)
        },
        { timeout: 15_000, interval: 20 },
      )
      return received
    },
    connections: () => connections,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** What a message says, after the official library has verified it. */
export function verified(secret: string, { headers, body }: ReceivedMessage): WebhookBody {
  const texts = Object.entries(headers).map(([name, value]) => [name, String(value)])
  return new Webhook(secret).verify(body, Object.fromEntries(texts)) as WebhookBody
}

/** Which of the secrets signed a message, by the official library; also at another time than now. */
export function signers(secrets: readonly string[], { headers, body }: ReceivedMessage): string[] {
  const at = new Date(Number(headers['webhook-timestamp']) * 1000)
  const said = String(headers['webhook-signature']).split(' ')
  return secrets.filter((secret) =>
    said.includes(new Webhook(secret).sign(String(headers['webhook-id']), at, body)),
  )
}

export interface WebhookBody {
  type: string
  timestamp: string
  data: Record<string, unknown>
}
