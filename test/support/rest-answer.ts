import type { TestGateway } from './gateway.ts'

/** What a client of the REST door has in the end, read without any SDK. */
export interface RestAnswer {
  /** The request's id on the ledger. */
  id: string | null
  status: number
  headers: Headers
  /** OpenAI's error object, from the body or from the stream's last frame. */
  error: { code: string; message: string } | undefined
  /** The text that arrived, before an error too. */
  text: string
  /** Whether a stream closed with its terminator. */
  done: boolean
}

interface WireAnswer {
  error?: RestAnswer['error']
  choices?: { message?: { content?: string | null }; delta?: { content?: string | null } }[]
}

export async function complete(gateway: TestGateway, body: object): Promise<RestAnswer> {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.adminKey}` },
    body: JSON.stringify(body),
  })
  const { status, headers } = response
  const raw = await response.text()
  const isStream = headers.get('content-type')?.startsWith('text/event-stream') ?? false
  const frames = isStream ? raw.split('\n\n').filter(Boolean).map(dataOf) : [raw]
  const parts = frames.filter((frame) => frame !== '[DONE]').map(parsed)
  return {
    id: headers.get('x-request-id'),
    status,
    headers,
    error: parts.at(-1)?.error,
    text: parts.map(textOf).join(''),
    done: frames.at(-1) === '[DONE]',
  }
}

function textOf({ choices }: WireAnswer): string {
  const [choice] = choices ?? []
  return choice?.message?.content ?? choice?.delta?.content ?? ''
}

function dataOf(frame: string): string {
  return frame.slice('data: '.length)
}

/** Trusted: the gateway's own answer, whose members the tests assert. */
function parsed(json: string): WireAnswer {
  return JSON.parse(json) as WireAnswer
}
