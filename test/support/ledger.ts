import type { TestGateway } from './gateway.ts'

interface SeenRequest {
  id: string
  status: string
  model: string
  requestedModel: string
  provider: string | null
  errorCode: string | null
  stream: boolean
  latencyMs: number | null
  timeToFirstTokenMs: number | null
  usage: SeenUsage | null
  attempts: {
    number: number
    provider: string
    model: string
    status: string
    httpStatus: number | null
    errorCode: string | null
    latencyMs: number
    timeToFirstTokenMs: number | null
    usage: SeenUsage | null
  }[]
}

interface SeenUsage {
  inputTokens: number | null
  cachedInputTokens: number | null
  outputTokens: number | null
  reasoningTokens: number | null
  totalTokens: number | null
  estimated: boolean
  cost: { currency: string; amountNanos: string; amount: string } | null
}

const usage = `usage {
  inputTokens cachedInputTokens outputTokens reasoningTokens totalTokens estimated
  cost { currency amountNanos amount }
}`

/** What an operator sees of a request through the public API. */
export async function requestOf(
  gateway: TestGateway,
  id: string | null,
): Promise<SeenRequest | null> {
  const answer = await gateway.graphql<{ request: SeenRequest | null }>(
    `query ($id: ID!) { request(id: $id) {
      id status model requestedModel provider errorCode stream latencyMs timeToFirstTokenMs ${usage}
      attempts { number provider model status httpStatus errorCode latencyMs timeToFirstTokenMs ${usage} }
    } }`,
    { id },
  )
  if (answer.errors) throw new Error(JSON.stringify(answer.errors))
  return answer.data.request
}
