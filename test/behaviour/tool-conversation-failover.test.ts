import type OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { httpError } from '../support/simulators/faults.ts'
import { startGigachatSimulator } from '../support/simulators/gigachat.ts'
import type { Simulator } from '../support/simulators/server.ts'
import { startYandexSimulator, yandexCredentials } from '../support/simulators/yandex.ts'

let gigachat: Awaited<ReturnType<typeof startGigachatSimulator>>
let yandex: Simulator
let gateway: TestGateway

beforeAll(async () => {
  gigachat = await startGigachatSimulator()
  yandex = await startYandexSimulator()
  gateway = await startGateway(
    `[providers.gigachat]
     ${gigachat.toml}
     [providers.yandex]
     api_key = "${yandexCredentials.apiKey}"
     folder_id = "${yandexCredentials.folder}"
     base_url = "${yandex.url}"`,
  )
})

afterAll(async () => {
  await gateway.stop()
  await gigachat.close()
  await yandex.close()
})

const giga = 'gigachat/GigaChat-2-Max'
const yagpt = 'yandex/yandexgpt:latest'
const tool = (name: string): OpenAI.ChatCompletionTool => ({
  type: 'function',
  function: {
    name,
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
})
const tools = [tool('weather'), tool('population')]

/** One turn; `down` fails first, so that the other provider must take over. */
async function turn(messages: OpenAI.ChatCompletionMessageParam[], down: 'gigachat' | 'yandex') {
  const failing = down === 'gigachat' ? gigachat.api : yandex
  failing.next(httpError(500))
  const [model, fallback] = down === 'gigachat' ? [giga, yagpt] : [yagpt, giga]
  const { data, response } = await gateway
    .openai()
    .chat.completions.create({ model, messages, tools, ...{ xrouter: { fallbacks: [fallback] } } })
    .withResponse()
  expect(failing.pending).toBe(0)
  expect(response.headers.get('x-xrouter-attempts')).toBe('2')
  expect(data.model).toBe(fallback)
  return data.choices[0]?.message
}

function callOf(message: OpenAI.ChatCompletionMessage | undefined) {
  const call = message?.tool_calls?.[0]
  if (!message || call?.type !== 'function') throw new Error('the model made no call')
  return { message, call }
}

/** The body of the last completion that a simulator was asked for. */
function lastAsked(simulator: Simulator): string {
  const request = simulator.requests.findLast(({ method }) => method === 'POST')
  return JSON.stringify(request?.body)
}

describe('a tool conversation that changes its provider at every turn', () => {
  test('keeps its ids and its meaning, from GigaChat to YandexGPT and back', async () => {
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      { role: 'user', content: 'please use weather' },
    ]

    const first = callOf(await turn(messages, 'yandex')) // GigaChat calls
    expect(first.call.function.name).toBe('weather')
    messages.push(first.message, {
      role: 'tool',
      tool_call_id: first.call.id,
      content: 'sunny in Kazan',
    })
    messages.push({ role: 'user', content: 'now use population' })

    const second = callOf(await turn(messages, 'gigachat')) // YandexGPT reads GigaChat's call and makes its own
    const seenByYandex = lastAsked(yandex)
    expect(seenByYandex).toContain('"name":"weather"')
    expect(seenByYandex).toContain('sunny in Kazan')
    expect(second.call.function.name).toBe('population')
    expect(second.call.id).not.toBe(first.call.id)
    messages.push(second.message, {
      role: 'tool',
      tool_call_id: second.call.id,
      content: '1.3 million',
    })

    const third = await turn(messages, 'yandex') // GigaChat reads both calls and answers
    const seenByGigachat = lastAsked(gigachat.api)
    for (const part of [
      '"name":"weather"',
      'sunny in Kazan',
      '"name":"population"',
      '1.3 million',
    ]) {
      expect(seenByGigachat).toContain(part)
    }
    // Each result stands behind its own call, whoever made the call.
    expect(seenByGigachat.indexOf('sunny in Kazan')).toBeLessThan(
      seenByGigachat.indexOf('"name":"population"'),
    )
    expect(third?.content).toContain('1.3 million')
    // GigaChat's own state comes back to it; YandexGPT's id is not taken for one.
    expect(seenByGigachat).toContain(first.call.id.replace(/^gch_/, ''))
    expect(seenByGigachat).not.toContain(second.call.id)

    // What the client holds is untouched: each result names the call that it answers.
    const results = messages.flatMap((each) => (each.role === 'tool' ? [each.tool_call_id] : []))
    expect(results).toEqual([first.call.id, second.call.id])
  })
})
