import { describe, expect, it } from 'vitest'
import { azureChatApi, azureEmbeddingApi } from '../../../src/dialects/openai-chat/azure.ts'
import { decodeAzureError } from '../../../src/dialects/openai-chat/azure-error.ts'
import { collect } from '../../../src/protocol/collect.ts'
import type { ChatRequest } from '../../../src/protocol/request.ts'
import { streamOf } from '../../support/recorded.ts'

const request: ChatRequest = {
  model: 'm',
  messages: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
  stream: true,
  maxTokens: 5,
}

describe('where completions are asked', () => {
  it.each([
    [undefined, '/v1/chat/completions', '/v1/embeddings'],
    ['v1', '/v1/chat/completions?api-version=v1', '/v1/embeddings?api-version=v1'],
    ['preview', '/v1/chat/completions?api-version=preview', '/v1/embeddings?api-version=preview'],
    [
      '2024-10-21',
      '/deployments/my%20%2F%20one/chat/completions?api-version=2024-10-21',
      '/deployments/my%20%2F%20one/embeddings?api-version=2024-10-21',
    ],
  ])('version %s', (version, chat, embeddings) => {
    expect(azureChatApi(version).path('my / one', request)).toBe(chat)
    expect(azureEmbeddingApi(version).path('my / one')).toBe(embeddings)
  })

  it.each([undefined, 'v1', 'preview', '2024-10-21', '2024-09-01-preview'])(
    'version %s knows the newer members',
    (version) => {
      expect(azureChatApi(version).encodeRequest(request, 'd')).toMatchObject({
        model: 'd',
        max_completion_tokens: 5,
        stream_options: { include_usage: true },
      })
    },
  )

  it.each(['2024-02-01', '2023-05-15', '2024-08-01-preview'])(
    'version %s is not sent what came after it',
    (version) => {
      const body = azureChatApi(version).encodeRequest(request, 'd')
      expect(body).toMatchObject({ max_tokens: 5, stream: true })
      expect(body).not.toHaveProperty('stream_options')
      expect(body).not.toHaveProperty('max_completion_tokens')
    },
  )
})

const error = (members: object): unknown => ({ error: members })
const filters = {
  hate: { filtered: false, severity: 'safe' },
  jailbreak: { filtered: true, detected: true },
  violence: { filtered: true, severity: 'high' },
}

describe('a failure', () => {
  it.each([
    ['innererror', 'content_filter_result'],
    ['innererror', 'content_filter_results'],
    ['inner_error', 'content_filter_results'],
  ])('of the prompt’s filter names the filters in %s.%s', (place, member) => {
    const body = error({
      message: 'The response was filtered …',
      type: null,
      param: 'prompt',
      code: 'content_filter',
      status: 400,
      [place]: { code: 'ResponsibleAIPolicyViolation', [member]: filters },
    })
    expect(decodeAzureError({ status: 400, body, headers: {} })).toMatchObject({
      code: 'CONTENT_FILTERED',
      failover: false,
      message: expect.stringContaining('(jailbreak, violence)'),
    })
  })

  it('of the filter without details is one too', () => {
    const body = error({ code: 'content_filter', message: 'filtered' })
    const { code, message } = decodeAzureError({ status: 400, body, headers: {} })
    expect(code).toBe('CONTENT_FILTERED')
    expect(message).not.toContain('(')
  })

  it('of the address is not taken for a missing deployment', () => {
    const body = error({ code: '404', message: 'Resource not found' })
    expect(decodeAzureError({ status: 404, body, headers: {} })).toMatchObject({
      code: 'PROVIDER_ERROR',
      failover: true,
      message: expect.stringContaining('api_version'),
    })
    const missing = error({ code: 'DeploymentNotFound', message: 'The API deployment …' })
    expect(decodeAzureError({ status: 404, body: missing, headers: {} })).toMatchObject({
      code: 'MODEL_NOT_FOUND',
      failover: true,
    })
  })

  it.each([
    ['Requests have exceeded token rate limit. Please retry after 23 seconds.', {}, 23_000],
    ['Rate limit is exceeded. Try again in 2 seconds.', {}, 2_000],
    ['Please retry after 23 seconds.', { 'retry-after': '7' }, 7_000],
    ['Please retry after 23 seconds.', { 'retry-after-ms': '1500', 'retry-after': '2' }, 1_500],
    ['Please retry after 86400 seconds.', { 'retry-after': '86400' }, undefined],
    ['Slow down.', {}, undefined],
  ])('of the rate: %s %j', (message, headers, retryAfterMs) => {
    const failure = decodeAzureError({
      status: 429,
      body: error({ code: '429', message }),
      headers,
    })
    expect(failure).toMatchObject({ code: 'PROVIDER_RATE_LIMITED', failover: true })
    expect(failure.retryAfterMs).toBe(retryAfterMs)
  })

  it.each([
    [401, { code: '401', message: 'Access denied due to invalid subscription key' }],
    [403, { code: 'Forbidden', message: 'no' }],
  ])('%i is of the credential', (status, members) => {
    expect(decodeAzureError({ status, body: error(members), headers: {} })).toMatchObject({
      code: 'PROVIDER_AUTH',
      failover: true,
    })
  })
})

describe('a stream', () => {
  const frame = (members: object): string => JSON.stringify({ id: 'c1', model: 'm', ...members })
  const choice = (members: object): object => ({ choices: [{ index: 0, ...members }] })

  it('opens with an anonymous frame, and may have choices without a delta', async () => {
    const results = [{ prompt_index: 0, content_filter_results: filters }]
    const frames = [
      JSON.stringify({
        choices: [],
        created: 0,
        id: '',
        model: '',
        prompt_filter_results: results,
      }),
      frame(choice({ content_filter_results: {}, finish_reason: null })),
      frame(choice({ delta: { content: 'Hello' }, content_filter_results: {} })),
      frame(choice({ delta: {}, finish_reason: 'stop' })),
      '[DONE]',
    ]
    const answer = await collect(azureChatApi(undefined).decodeEvents(streamOf(frames)))
    expect(answer).toMatchObject({
      upstreamId: 'c1',
      upstreamModel: 'm',
      extra: { members: { prompt_filter_results: results } },
      choices: [{ content: 'Hello', finishReason: { unified: 'stop' } }],
    })
    expect(answer.choices[0]?.extra?.choice).toHaveProperty('content_filter_results')
  })

  it('that the filter stops ends with the reason', async () => {
    const frames = [
      frame(choice({ delta: { content: 'Hel' } })),
      frame(
        choice({ delta: {}, finish_reason: 'content_filter', content_filter_results: filters }),
      ),
      '[DONE]',
    ]
    const { choices } = await collect(azureChatApi(undefined).decodeEvents(streamOf(frames)))
    expect(choices).toMatchObject([
      {
        finishReason: { unified: 'content_filter' },
        extra: { choice: { content_filter_results: filters } },
      },
    ])
  })

  it('with an error frame of the filter is a failure', async () => {
    const frames = [
      frame(choice({ delta: { content: 'Hel' } })),
      JSON.stringify(error({ code: 'content_filter', status: 400, message: 'x' })),
    ]
    await expect(
      collect(azureChatApi(undefined).decodeEvents(streamOf(frames))),
    ).rejects.toMatchObject({ code: 'CONTENT_FILTERED' })
  })

  it('a whole answer that the filter took away has a choice without a message', async () => {
    const body = choice({ finish_reason: 'content_filter', content_filter_results: filters })
    const { choices } = await collect(azureChatApi(undefined).decodeBody(body))
    expect(choices).toMatchObject([{ content: null, finishReason: { unified: 'content_filter' } }])
  })
})
