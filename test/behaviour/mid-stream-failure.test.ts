import type OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { requestOf } from '../support/ledger.ts'
import { startAnthropicSimulator } from '../support/simulators/anthropic.ts'
import type { Controlled } from '../support/simulators/controlled.ts'
import { startOpenaiSimulator } from '../support/simulators/openai.ts'
import type { Simulator } from '../support/simulators/server.ts'

let first: Simulator
let second: Simulator
let claude: Simulator
let gateway: TestGateway
let client: OpenAI

beforeAll(async () => {
  first = await startOpenaiSimulator()
  second = await startOpenaiSimulator()
  claude = await startAnthropicSimulator()
  gateway = await startGateway(
    `[providers.first]
     type = "openai-compatible"
     api_key = "sk-simulated"
     base_url = "${first.url}"
     [providers.second]
     type = "openai-compatible"
     api_key = "sk-simulated"
     base_url = "${second.url}"
     [providers.anthropic]
     api_key = "sk-ant-simulated"
     base_url = "${claude.url}"`,
  )
  client = gateway.openai()
})

afterEach(() => {
  const pending = first.pending + second.pending + claude.pending
  if (pending > 0) throw new Error('a scripted answer was not asked for')
})

afterAll(async () => {
  await gateway.stop()
  await Promise.all([first.close(), second.close(), claude.close()])
})

const messages = [{ role: 'user' as const, content: 'tell me a story' }]
const older = 'anthropic/claude-haiku-4-5'

/** Says `words` and breaks off. */
async function breakOff(upstream: Controlled, words: string): Promise<void> {
  await upstream.received
  upstream.text(words)
  await new Promise((resolve) => setTimeout(resolve, 50))
  upstream.reset()
}

/** Says `words` to the end. */
async function say(upstream: Controlled, words: string): Promise<void> {
  await upstream.received
  upstream.text(words)
  upstream.complete()
}

interface Mark {
  model: string
  provider: string
  failed: { model: string; error: string }
}

/** A client that knows the marks: what it shows in the end, and what it was told on the way. */
async function stream(policy: string, fallbacks: string[]) {
  const xrouter = { mid_stream_failure: policy, fallbacks }
  const { data, response } = await client.chat.completions
    .create({
      model: 'first/gpt-4o',
      messages,
      stream: true,
      stream_options: { include_usage: true },
      ...{ xrouter },
    })
    .withResponse()
  let text = ''
  let totalTokens: number | undefined
  const marks: Record<string, Mark>[] = []
  for await (const chunk of data) {
    const { restarted, continued }: { restarted?: Mark; continued?: Mark } =
      'xrouter' in chunk ? Object(chunk.xrouter) : {}
    if (restarted) {
      text = ''
      marks.push({ restarted })
    }
    if (continued) marks.push({ continued })
    text += chunk.choices[0]?.delta.content ?? ''
    totalTokens = chunk.usage?.total_tokens ?? totalTokens
  }
  const row = await requestOf(gateway, response.headers.get('x-request-id'))
  return { text, marks, totalTokens, row }
}

describe('an answer that breaks amid its words', () => {
  test('is an error unless the client asked for something else, and nobody else is called', async () => {
    const upstream = first.controlled()
    const called = second.requests.length
    const answer = stream('error', ['second/gpt-4o'])
    const [result] = await Promise.allSettled([answer, breakOff(upstream, 'Once upon')])
    expect(result.status).toBe('rejected')
    expect(second.requests.length).toBe(called)
  })

  test('RESTART: a marked chunk, then the answer of the next from its start', async () => {
    const [broken, whole] = [first.controlled(), second.controlled()]
    const answer = stream('restart', ['second/gpt-4o'])
    await breakOff(broken, 'Once upon')
    await say(whole, 'Another story')
    const { text, marks, row } = await answer
    expect(text).toBe('Another story')
    expect(marks).toEqual([
      {
        restarted: {
          model: 'second/gpt-4o',
          provider: 'second',
          failed: { model: 'first/gpt-4o', error: 'upstream_truncated' },
        },
      },
    ])
    expect(row).toMatchObject({
      status: 'succeeded',
      model: 'second/gpt-4o',
      attempts: [
        { status: 'FAILED', errorCode: 'UPSTREAM_TRUNCATED', usage: { estimated: true } },
        { status: 'SUCCEEDED', usage: { estimated: false } },
      ],
    })
  })

  test('CONTINUE: the next gets what was said and goes on with it, after a mark', async () => {
    const [broken, heir] = [first.controlled(), claude.controlled()]
    const answer = stream('continue', [older])
    await breakOff(broken, 'Once upon')
    const { body } = await heir.received
    await say(heir, ' a time')
    const { text, marks, totalTokens, row } = await answer
    expect(text).toBe('Once upon a time')
    expect(marks).toMatchObject([{ continued: { model: older, provider: 'anthropic' } }])
    expect(Object(body).messages.at(-1)).toMatchObject({ role: 'assistant' })
    expect(JSON.stringify(Object(body).messages.at(-1))).toContain('Once upon')
    const counts = row?.attempts.map(
      ({ usage }) => (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0),
    )
    expect(totalTokens).toBe(counts?.reduce((sum, count) => sum + count, 0))
  })

  test('CONTINUE: one that cannot go on with words of others starts anew, and says so', async () => {
    const [broken, whole] = [first.controlled(), second.controlled()]
    const answer = stream('continue', ['second/gpt-4o'])
    await breakOff(broken, 'Once upon')
    await say(whole, 'Another story')
    const { text, marks } = await answer
    expect(text).toBe('Another story')
    expect(marks).toMatchObject([{ restarted: { model: 'second/gpt-4o' } }])
  })

  test('is an error where no other deployment is left', async () => {
    const upstream = first.controlled()
    const answer = stream('restart', [])
    const [result] = await Promise.allSettled([answer, breakOff(upstream, 'Once upon')])
    expect(result.status).toBe('rejected')
  })

  test('is an error once its end was told: nothing follows a finish reason', async () => {
    const upstream = first.controlled()
    const called = second.requests.length
    const answer = stream('restart', ['second/gpt-4o'])
    await upstream.received
    upstream.text('The end')
    upstream.finish()
    await new Promise((resolve) => setTimeout(resolve, 50))
    upstream.reset()
    await Promise.allSettled([answer])
    expect(second.requests.length).toBe(called)
  })
})

describe('doors that cannot mark it', () => {
  test.each([
    ['/v1/messages', { model: 'first/gpt-4o', messages, max_tokens: 9, stream: true }],
    ['/v1/responses', { model: 'first/gpt-4o', input: 'hi', stream: true }],
    ['/v1/completions', { model: 'first/gpt-4o', prompt: 'hi', stream: true }],
  ])('%s refuses to be asked for it', async (path, body) => {
    const response = await fetch(gateway.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.adminKey}` },
      body: JSON.stringify({ ...body, xrouter: { mid_stream_failure: 'restart' } }),
    })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('xrouter.mid_stream_failure')
  })
})

describe('in GraphQL', () => {
  const query = `subscription ($input: CompletionInput!) {
    completion(input: $input) {
      __typename sequence
      ... on CompletionStarted { model }
      ... on TextDelta { text }
      ... on CompletionRestarted { model failed { model errorCode } }
      ... on CompletionContinued { model failed { model } }
      ... on CompletionFinished { completion { content model attempts { status } } }
    }
  }`

  async function events(policy: string, fallbacks: string[]) {
    const input = {
      model: 'first/gpt-4o',
      messages: [{ role: 'USER', content: 'tell me a story' }],
      fallbacks,
      routing: { midStreamFailure: policy },
    }
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        authorization: `Bearer ${gateway.adminKey}`,
      },
      body: JSON.stringify({ query, variables: { input } }),
    })
    const frames = (await response.text()).matchAll(/^data: (\{.*)$/gm)
    return [...frames].map(([, json = '']) => JSON.parse(json).data.completion)
  }

  test('CompletionRestarted stands between the answers, and the whole one is the second', async () => {
    const [broken, whole] = [first.controlled(), second.controlled()]
    const answer = events('RESTART', ['second/gpt-4o'])
    await breakOff(broken, 'Once upon')
    await say(whole, 'Another story')
    const all = await answer
    expect(all.map(({ __typename }) => __typename)).toEqual([
      'CompletionStarted',
      'TextDelta',
      'CompletionRestarted',
      'TextDelta',
      'CompletionFinished',
    ])
    expect(all.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3, 4])
    expect(all[2]).toMatchObject({
      model: 'second/gpt-4o',
      failed: { model: 'first/gpt-4o', errorCode: 'UPSTREAM_TRUNCATED' },
    })
    expect(all[4].completion).toMatchObject({
      content: 'Another story',
      model: 'second/gpt-4o',
      attempts: [{ status: 'FAILED' }, { status: 'SUCCEEDED' }],
    })
  })

  test('CompletionContinued: the whole answer is both texts', async () => {
    const [broken, heir] = [first.controlled(), claude.controlled()]
    const answer = events('CONTINUE', [older])
    await breakOff(broken, 'Once upon')
    await say(heir, ' a time')
    const all = await answer
    expect(all.map(({ __typename }) => __typename)).toContain('CompletionContinued')
    expect(all.at(-1).completion.content).toBe('Once upon a time')
  })
})
