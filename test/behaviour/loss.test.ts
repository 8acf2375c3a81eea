import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  featureNames,
  features,
  type FeatureName,
  type FeatureSupport,
} from '../../src/protocol/features.ts'
import {
  decodeSample,
  doorOf,
  featureSamples,
  type FeatureSample,
} from '../support/feature-samples.ts'
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

/** Content of one vendor is that of the provider whose word is tested. */
function sampleFor(name: FeatureName, dialect = 'of-nobody'): FeatureSample {
  const { path, body } = featureSamples[name]
  return { path, body: JSON.parse(JSON.stringify(body).replaceAll('of-nobody', dialect)) }
}

async function send(model: string, sample: object, extra: object = {}) {
  const calls = simulated.calls()
  const response = await fetch(gateway.url + doorOf(sample), {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.adminKey}` },
    body: JSON.stringify({ model, ...sample, ...extra }),
  })
  const body = await response.json()
  const warnings: string[] = body.xrouter?.warnings ?? []
  return { response, body, warnings, called: simulated.calls() - calls }
}

/** What of OpenAI's own comes to a provider of another dialect has no words there. */
function fromOpenai(support: FeatureSupport, dialect: string | undefined): FeatureSupport {
  if (dialect === 'openai-chat') return support
  const {
    native_tools: tools,
    tool_choice_native: choice,
    native_response_format: format,
  } = support
  return {
    ...support,
    native_tools: tools === 'native' ? 'refused' : tools,
    tool_choice_native: choice === 'native' ? 'refused' : choice,
    native_response_format: format === 'native' ? 'refused' : format,
    // The member of the sample is one that OpenAI's two APIs have in common.
    passthrough: dialect === 'openai-responses' ? 'native' : 'ignored',
  }
}

describe('what the table says of a provider is what happens', () => {
  describe.each(simulatedModels)('%s', (model) => {
    test.each(featureNames)('%s', async (name) => {
      const { provider, model: own } = gateway.running.catalogue.resolve(model)
      const { path, body: sample } = sampleFor(name, provider.chat?.dialect)
      const request = decodeSample(model, sample)
      const support = fromOpenai(
        provider.supportOf?.(own) ?? provider.support,
        provider.chat?.dialect,
      )
      const refused = featureNames.filter(
        (each) => support[each] === 'refused' && features[each].find(request).length > 0,
      )
      const { response, body, warnings, called } = await send(model, sample)
      if (refused.length > 0) {
        expect([response.status, body.error.code, called]).toEqual([400, 'unsupported_feature', 0])
        for (const each of refused) expect(body.error.message).toContain(`${each} (\``)
        return
      }
      expect(body.error?.code).not.toBe('unsupported_feature')
      const how = support[name]
      const about = warnings.filter((text) => text.includes(`\`${path}\``))
      const plain = typeof how === 'object' && how.when?.(request) === false
      if (how === 'native' || plain) expect(about).toEqual([])
      else {
        expect(response.status).toBe(200)
        expect(about).toEqual([
          expect.stringContaining(how === 'ignored' ? ' is ignored: ' : ' is emulated for '),
        ])
      }
    })
  })

  test('content and demands are never ignored', () => {
    for (const provider of gateway.running.catalogue.providers.values()) {
      const ignored = featureNames.filter((name) => provider.support[name] === 'ignored')
      expect(ignored.filter((name) => features[name].kind !== 'knob')).toEqual([])
    }
  })
})

describe('a request that the first deployment cannot express', () => {
  test('goes to a fallback that can, without an attempt that must fail', async () => {
    const { response, body } = await send('demo/echo', featureSamples.tools.body, {
      xrouter: { fallbacks: ['openai/gpt-4o'] },
    })
    expect(response.status).toBe(200)
    expect(body.model).toBe('openai/gpt-4o')
    expect(response.headers.get('x-xrouter-attempts')).toBe('1')
  })

  test('warnings are those of the deployment that answers, alone', async () => {
    const { warnings } = await send('demo/echo', featureSamples.tools.body, {
      temperature: 1,
      xrouter: { fallbacks: ['openai/gpt-4o'] },
    })
    expect(warnings).toEqual([])
  })

  test('is refused with the feature’s name and place, by GraphQL too', async () => {
    const answer = await gateway.graphql<{ createCompletion: object }>(
      `mutation { createCompletion(input: { model: "demo/echo", messages: [
        { role: USER, parts: [{ text: "what is this" }, { image: { url: "https://example.com/a.png" } }] }] }) {
        ... on CompletionError { code path message } ... on Completion { id } } }`,
    )
    expect(answer.data.createCompletion).toEqual({
      code: 'UNSUPPORTED_FEATURE',
      path: 'input.messages[0].parts[1]',
      message: expect.stringContaining('image_url (`'),
    })
  })

  test('warnings come in the last chunk of a stream', async () => {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${gateway.adminKey}` },
      body: JSON.stringify({
        model: 'demo/echo',
        stream: true,
        seed: 7,
        messages: [{ role: 'user', content: 'a b' }],
      }),
    })
    const frames = (await response.text()).trim().split('\n\n')
    expect(frames.at(-1)).toBe('data: [DONE]')
    expect(JSON.parse(frames.at(-2)?.slice('data: '.length) ?? '')).toMatchObject({
      choices: [],
      xrouter: { warnings: ['`seed` is ignored: `demo/echo` has no such setting.'] },
    })
  })
})
