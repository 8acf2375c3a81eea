import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'

let upstream: OpenaiSimulator
let gateway: TestGateway

beforeAll(async () => {
  upstream = await startOpenaiSimulator()
  gateway = await startGateway(`
[providers.demo]
token_delay_ms = 0

[providers.openai]
api_key = "sk-simulated"
base_url = "${upstream.url}"
`)
})

afterAll(async () => {
  await gateway.stop()
  await upstream.close()
})

const model = 'openai/gpt-4o'

describe('POST /v1/completions', () => {
  test('answers several prompts with choices in their order, and bills each', async () => {
    const whole = await gateway.openai().completions.create({
      model,
      prompt: ['first', 'second'],
      n: 2,
      max_tokens: 50,
    })
    expect(whole.choices.map(({ index, text }) => [index, text])).toEqual([
      [0, 'You said: first'],
      [1, 'You said: first (choice 1)'],
      [2, 'You said: second'],
      [3, 'You said: second (choice 1)'],
    ])
    const bill = upstream.invoice.slice(-2)
    expect(whole.usage?.prompt_tokens).toBe(bill.reduce((sum, each) => sum + each.promptTokens, 0))
    const log = await gateway.graphql<{ requests: { edges: { node: { id: string } }[] } }>(
      '{ requests(first: 2) { edges { node { id } } } }',
    )
    expect(log.data.requests.edges.map(({ node }) => node.id).toSorted()).toEqual([
      whole.id,
      `${whole.id}-2`,
    ])
  })

  test('streams them one after the other, with one usage at the end', async () => {
    const stream = await gateway.openai().completions.create({
      model,
      prompt: ['first', 'second'],
      echo: true,
      max_tokens: 50,
      stream: true,
      stream_options: { include_usage: true },
    })
    const texts = new Map<number, string>()
    const finishes: unknown[] = []
    const usages: unknown[] = []
    for await (const { choices, usage } of stream) {
      for (const { index, text, finish_reason: finish } of choices) {
        texts.set(index, (texts.get(index) ?? '') + text)
        if (finish) finishes.push([index, finish])
      }
      if (usage) usages.push(usage)
    }
    expect([...texts.values()]).toEqual(['firstYou said: first', 'secondYou said: second'])
    expect(finishes).toEqual([
      [0, 'stop'],
      [1, 'stop'],
    ])
    expect(usages).toMatchObject([{ total_tokens: expect.any(Number) }])
  })

  test('has sixteen tokens where no limit is given, and log probabilities in lists', async () => {
    const words = 'a b c d e f g h i j k l m n o p q r s t'
    const { choices } = await gateway
      .openai()
      .completions.create({ model, prompt: words, logprobs: 1 })
    expect(upstream.requests.at(-1)?.body).toMatchObject({
      max_completion_tokens: 16,
      logprobs: true,
      top_logprobs: 1,
    })
    const [choice] = choices
    expect(choice?.finish_reason).toBe('length')
    const {
      tokens = [],
      text_offset: offsets = [],
      top_logprobs: top = [],
    } = choice?.logprobs ?? {}
    expect(tokens.join('')).toBe(choice?.text)
    expect(offsets.map((at, index) => choice?.text.startsWith(tokens[index] ?? '?', at))).toEqual(
      tokens.map(() => true),
    )
    expect(top).toHaveLength(16)
  })

  test('tells the model what follows the text, and says so', async () => {
    const answer = await gateway.openai().completions.create({
      model,
      prompt: 'Once upon a time',
      suffix: 'and they lived happily.',
    })
    expect(upstream.requests.at(-1)?.body).toMatchObject({
      messages: [
        { role: 'system', content: expect.stringContaining('and they lived happily.') },
        { role: 'user', content: 'Once upon a time' },
      ],
    })
    expect(answer).toMatchObject({ xrouter: { warnings: [expect.stringContaining('suffix')] } })
  })

  test('passes members that chat has too, and warns of those that it has not', async () => {
    const answer = await gateway.openai().completions.create({
      model,
      prompt: 'hi',
      best_of: 3,
      logit_bias: { '50256': -100 },
    })
    const { body } = upstream.requests.at(-1) ?? {}
    expect(body).toMatchObject({ logit_bias: { '50256': -100 } })
    expect(body).not.toHaveProperty('best_of')
    expect(answer).toMatchObject({ xrouter: { warnings: [expect.stringContaining('best_of')] } })
  })

  test.each([
    [{ prompt: [1, 2] }, 'prompt[0]', 'tokens'],
    [{ prompt: [[1, 2]] }, 'prompt[0]', 'tokens'],
    [{ prompt: [] }, 'prompt', 'at least one'],
    [{}, 'prompt', 'expected a string'],
    [{ prompt: 'x', best_of: 1, n: 2 }, 'best_of', 'less than n'],
    [{ prompt: 'x', best_of: 2, stream: true }, 'best_of', 'whole'],
    [{ prompt: 'x', echo: true, logprobs: 1 }, 'logprobs', 'echoed'],
    [{ prompt: 'x', logprobs: 6 }, 'logprobs', '5'],
  ])('refuses %j', async (members, param, reason) => {
    const calls = upstream.requests.length
    const response = await fetch(`${gateway.url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.adminKey}` },
      body: JSON.stringify({ model, ...members }),
    })
    const { error } = await response.json()
    expect([response.status, error.param]).toEqual([400, param])
    expect(error.message).toContain(reason)
    expect(upstream.requests).toHaveLength(calls)
  })

  test('fails as a whole when one of its prompts does', async () => {
    upstream.next(
      (exchange) => exchange.respond(),
      (exchange) => exchange.json(400, { error: { message: 'no', type: 'invalid_request_error' } }),
    )
    const failed = gateway.openai().completions.create({ model, prompt: ['a', 'b'] })
    await expect(failed).rejects.toMatchObject({ status: 400 })
  })
})
