import { APIError, BadRequestError, NotFoundError } from 'openai'
import type {
  ResponseInputItem,
  ResponseOutputItem,
  ResponseStreamEvent,
} from 'openai/resources/responses/responses'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import {
  simulatedModels,
  startSimulatedProviders,
  type SimulatedProviders,
} from '../support/simulated-providers.ts'

let simulated: SimulatedProviders
let gateway: TestGateway

beforeAll(async () => {
  simulated = await startSimulatedProviders()
  gateway = await startGateway(simulated.toml)
})

afterAll(async () => {
  await gateway.stop()
  await simulated.close()
})

const weather = {
  type: 'function' as const,
  name: 'weather',
  description: 'Weather of a city',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
  strict: false,
}

/** Whether the table of a model's provider has the feature. */
function has(model: string, feature: 'tools' | 'json_schema'): boolean {
  const { provider, model: own } = gateway.running.catalogue.resolve(model)
  return (provider.supportOf?.(own) ?? provider.support)[feature] !== 'refused'
}

/** What the table refuses is a 400 of the SDK's own class. */
async function expectRefusal(model: string, feature: 'tools' | 'json_schema'): Promise<void> {
  const members =
    feature === 'tools'
      ? { tools: [weather] }
      : { text: { format: { type: 'json_schema' as const, name: 's', schema: {} } } }
  const refused = gateway.openai().responses.create({ model, input: 'x', ...members })
  await expect(refused).rejects.toBeInstanceOf(BadRequestError)
  await expect(refused).rejects.toMatchObject({ code: 'unsupported_feature' })
}

/** OpenAI takes back what it answered; the SDK's two types differ in the states that an item may have. */
function asInput(output: ResponseOutputItem[]): ResponseInputItem[] {
  return output as ResponseInputItem[]
}

describe.each(simulatedModels)('the official SDK, through %s', (model) => {
  test('gets a whole response', async () => {
    const response = await gateway.openai().responses.create({ model, input: 'hello world' })
    expect([model, response.status, response.object]).toEqual([model, 'completed', 'response'])
    expect(response.output_text).toContain('hello world')
    expect(response.usage?.total_tokens).toBeGreaterThan(0)
    expect(response.id).toMatch(/^resp_/)
  })

  test('reads a stream whose pieces are the response', async () => {
    const stream = gateway.openai().responses.stream({ model, input: 'hello world' })
    const events: ResponseStreamEvent[] = []
    for await (const event of stream) events.push(event)
    const final = await stream.finalResponse()
    const deltas = events.flatMap((event) =>
      event.type === 'response.output_text.delta' ? [event.delta] : [],
    )
    expect([model, deltas.join('')]).toEqual([model, final.output_text])
    expect(final.output_text).toContain('hello world')
    expect(events.map(({ type }) => type).slice(0, 3)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
    ])
    expect(events.at(-1)?.type).toBe('response.completed')
    expect(
      events.map((event) => ('sequence_number' in event ? event.sequence_number : -1)),
    ).toEqual(events.map((_, index) => index))
  })

  test('goes once around the loop of tools, by items and by the previous response', async () => {
    const client = gateway.openai()
    if (!has(model, 'tools')) return expectRefusal(model, 'tools')
    const tools = [weather]
    const question = { role: 'user' as const, content: 'use weather' }
    const first = await client.responses.create({ model, tools, input: [question] })
    const calls = first.output.filter((item) => item.type === 'function_call')
    expect([model, calls.length, calls[0]?.name]).toEqual([model, 1, 'weather'])
    const output = {
      type: 'function_call_output' as const,
      call_id: calls[0]?.call_id ?? '',
      output: '{"t":7}',
    }
    const byId = await client.responses.create({
      model,
      tools,
      previous_response_id: first.id,
      input: [output],
    })
    expect([model, byId.output_text]).toEqual([model, expect.stringContaining('7')])
    const items: ResponseInputItem[] = [question, ...asInput(first.output), output]
    const byItems = await client.responses.create({ model, tools, store: false, input: items })
    expect([model, byItems.output_text]).toEqual([model, byId.output_text])
  })

  test('parses an answer by a JSON schema', async () => {
    if (!has(model, 'json_schema')) return expectRefusal(model, 'json_schema')
    const response = await gateway.openai().responses.parse({
      model,
      input: 'say something as json',
      text: {
        format: {
          type: 'json_schema',
          name: 'thing',
          schema: {
            type: 'object',
            properties: { name: { type: 'string' } },
            required: ['name'],
            additionalProperties: false,
          },
        },
      },
    })
    expect([model, JSON.parse(response.output_text)]).toEqual([model, { name: expect.any(String) }])
  })

  test('completes a text in the old way, whole and as a stream', async () => {
    const client = gateway.openai()
    const whole = await client.completions.create({
      model,
      prompt: 'hello world',
      max_tokens: 900,
    })
    expect([model, whole.object, whole.choices[0]?.text]).toEqual([
      model,
      'text_completion',
      expect.stringContaining('hello world'),
    ])
    let text = ''
    const stream = await client.completions.create({
      model,
      prompt: 'hello world',
      max_tokens: 900,
      stream: true,
    })
    for await (const { choices } of stream) text += choices[0]?.text ?? ''
    expect([model, text]).toEqual([model, whole.choices[0]?.text])
  })
})

describe('reasoning of a provider that seals it', () => {
  const model = 'openai-responses/gpt-5'
  const reasoning = { effort: 'low' as const, summary: 'auto' as const }

  test('is shown as a summary, and goes back as it came, by item and by reference', async () => {
    const client = gateway.openai()
    const first = await client.responses.create({ model, reasoning, input: 'think about it' })
    const [thought] = first.output
    expect(thought).toMatchObject({
      type: 'reasoning',
      encrypted_content: expect.stringMatching(/^gAAAAA/),
      summary: [{ type: 'summary_text', text: '**Thinking** about what was said.' }],
    })
    const next = { role: 'user' as const, content: 'and now' }
    const items: ResponseInputItem[] = [
      { role: 'user', content: 'think about it' },
      ...asInput(first.output),
      next,
    ]
    for (const input of [
      items,
      [
        items[0] ?? next,
        ...first.output.map(({ id }) => ({ type: 'item_reference' as const, id: id ?? '' })),
        next,
      ],
    ]) {
      const again = await client.responses.create({ model, reasoning, input })
      expect(again.output_text).toBe('You said: and now')
    }
    const continued = await client.responses.create({
      model,
      reasoning,
      previous_response_id: first.id,
      input: 'and now',
    })
    expect(continued.output_text).toBe('You said: and now')
  })

  test('is left out for another provider, which is said', async () => {
    const client = gateway.openai()
    const first = await client.responses.create({ model, reasoning, input: 'think' })
    const input: ResponseInputItem[] = [
      { role: 'user', content: 'think' },
      ...asInput(first.output),
      { role: 'user', content: 'go on' },
    ]
    const other = await client.responses.create({ model: 'demo/echo', input })
    expect(other.output_text).toContain('go on')
    expect(other).toMatchObject({
      xrouter: { warnings: [expect.stringContaining('`input[1]` is ignored')] },
    })
  })

  test('is left out where it is sealed even for a provider that reads reasoning', async () => {
    const client = gateway.openai()
    const thought = {
      type: 'reasoning' as const,
      id: 'rs_1',
      summary: [],
      encrypted_content: 'gAAAA',
    }
    const response = await client.responses.create({
      model: 'compatible/gpt-4o',
      input: [
        { role: 'user', content: 'think' },
        thought,
        { role: 'assistant', content: 'done' },
        { role: 'user', content: 'go on' },
      ],
    })
    expect(response).toMatchObject({
      output_text: 'You said: go on',
      xrouter: { warnings: [expect.stringContaining('`input[1]`')] },
    })
  })

  test('streams, summary first', async () => {
    const stream = gateway.openai().responses.stream({ model, reasoning, input: 'think' })
    const types: string[] = []
    for await (const { type } of stream) types.push(type)
    const order = ['response.reasoning_summary_part.added', 'response.reasoning_summary_text.done']
    expect(types.filter((type) => order.includes(type))).toEqual(order)
    expect((await stream.finalResponse()).output.map(({ type }) => type)).toEqual([
      'reasoning',
      'message',
    ])
  })
})

describe('tools that the provider runs', () => {
  test('and citations are told as they came, and can be sent back', async () => {
    const client = gateway.openai()
    const tools = [{ type: 'web_search' as const }]
    const model = 'openai-responses/gpt-4o'
    const first = await client.responses.create({ model, tools, input: 'search the weather' })
    expect(first.output.map(({ type }) => type)).toEqual(['web_search_call', 'message'])
    expect(first.output[1]).toMatchObject({
      content: [{ annotations: [{ type: 'url_citation', url: 'https://example.com/weather' }] }],
    })
    const input: ResponseInputItem[] = [
      { role: 'user', content: 'search the weather' },
      ...asInput(first.output),
      { role: 'user', content: 'thanks' },
    ]
    const second = await client.responses.create({ model, tools: [], input })
    expect(second.output_text).toBe('You said: thanks')
    const elsewhere = client.responses.create({ model: 'compatible/gpt-4o', input })
    await expect(elsewhere).rejects.toMatchObject({ status: 400, code: 'unsupported_feature' })
  })
})

describe('failures', () => {
  test('are the SDK’s own classes, with OpenAI’s words', async () => {
    const { responses } = gateway.openai()
    const model = 'demo/echo'
    const nowhere = responses.create({ model: 'demo/nothing', input: 'x' })
    await expect(nowhere).rejects.toBeInstanceOf(NotFoundError)
    for (const [members, param] of [
      [{ background: true }, 'background'],
      [{ conversation: 'conv_1' }, 'conversation'],
      [{ prompt: { id: 'pmpt_1' } }, 'prompt'],
      [{ max_output_tokens: 0 }, 'max_output_tokens'],
    ] as const) {
      const refused = responses.create({ model, input: 'x', ...members })
      await expect(refused).rejects.toBeInstanceOf(BadRequestError)
      await expect(refused).rejects.toMatchObject({ status: 400, param })
    }
    const unknown = responses.create({ model, input: 'x', previous_response_id: 'resp_none' })
    await expect(unknown).rejects.toMatchObject({
      status: 400,
      code: 'previous_response_not_found',
      param: 'previous_response_id',
    })
    const orphan = responses.create({
      model,
      input: [{ type: 'function_call_output', call_id: 'call_1', output: '1' }],
    })
    await expect(orphan).rejects.toMatchObject({ status: 400, param: 'input[0].call_id' })
    const keyless = gateway.openai('xr-wrong').responses.create({ model, input: 'x' })
    await expect(keyless).rejects.toBeInstanceOf(APIError)
  })
})
