import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { errorTable } from '../src/errors.ts'
import type { FeatureSupport } from '../src/protocol/features.ts'
import { providerTypes } from '../src/providers/index.ts'
import type { Provider } from '../src/providers/provider.ts'
import { cancellation } from './conformance/cancellation.ts'
import { embedding } from './conformance/embedding.ts'
import { failures } from './conformance/failures.ts'
import type { Way } from './conformance/question.ts'
import { scenarios } from './conformance/scenarios.ts'
import { ask, ways } from './conformance/ways.ts'
import { startGateway, type TestGateway } from './support/gateway.ts'
import {
  providersUnderTest,
  startSimulatedProviders,
  type ProviderUnderTest,
  type SimulatedProviders,
} from './support/simulated-providers.ts'
import type { Simulator } from './support/simulators/server.ts'
import { resultTable } from './support/table.ts'

let simulated: SimulatedProviders
let gateway: TestGateway
const table = resultTable(
  'Every provider through every door: the ways that worked, or were refused',
)

beforeAll(async () => {
  simulated = await startSimulatedProviders()
  gateway = await startGateway(simulated.toml)
})

afterAll(async () => {
  table.print()
  await gateway.stop()
  await simulated.close()
})

function providerOf({ id }: ProviderUnderTest): Provider {
  const provider = gateway.running.catalogue.providers.get(id)
  if (!provider) throw new Error(`${id} is not configured`)
  return provider
}

function supportOf(entry: ProviderUnderTest, model: string): FeatureSupport {
  const provider = providerOf(entry)
  return provider.supportOf?.(model) ?? provider.support
}

function simulatorOf({ id }: ProviderUnderTest): Simulator {
  const simulator = simulated.simulators.get(id)
  if (!simulator) throw new Error(`${id} has no simulator`)
  return simulator
}

describe('the suite is whole', () => {
  test.each(providerTypes.map(({ type }) => type))('%s has a simulator', (type) => {
    const entries = providersUnderTest.filter((each) => each.type === type)
    expect(entries).not.toEqual([])
    for (const entry of entries) {
      const inProcess = providerOf(entry).generate !== undefined
      expect(simulated.simulators.has(entry.id)).toBe(!inProcess)
      expect(entry.tooLong !== undefined).toBe(!inProcess)
      const embeds = providerOf(entry).embeddings !== undefined
      expect(entry.embeddingModel !== undefined).toBe(embeds)
    }
  })

  test('every door has its ways', () => {
    const others = ['/v1/embeddings', '/v1/messages/count_tokens', '/v1/route/explain']
    const doors = gateway.running.routes
      .filter(({ method }) => [method].flat().includes('POST'))
      .map(({ url }) => url)
    const known = [...ways.map(({ path }) => path), ...others]
    expect(doors.filter((url) => !known.includes(url))).toEqual([])
    expect(known.filter((url) => !doors.includes(url))).toEqual([])
  })
})

describe.each(providersUnderTest)('$id', (entry) => {
  describe.each(ways)('$name', (way) => {
    const told = scenarios.filter(({ question }) => way.expresses?.(question) ?? true)

    test.each(told)('$name', async (scenario) => {
      const name = scenario.model?.(entry) ?? entry.models[0]
      const support = supportOf(entry, name)
      const calls = simulated.calls()
      await table.cell(entry.id, scenario.name, async () => {
        const outcome = await ask(gateway, way, {
          model: `${entry.id}/${name}`,
          question: scenario.question,
        })
        const refused = scenario.needs.filter((feature) => support[feature] === 'refused')
        if (refused.length > 0) {
          expect(outcome.error?.code).toBe('unsupported_feature')
          for (const feature of refused) expect(outcome.error?.message).toContain(`${feature} (\``)
          expect(outcome.error?.path).toMatch(/\w/)
          expect([refusalStatus(way), simulated.calls()]).toEqual([outcome.status, calls])
          return 'refused'
        }
        expect(outcome.error).toBeUndefined()
        expect(outcome.status).toBe(200)
        const { stream } = way
        const simulator = simulated.simulators.get(entry.id)
        await scenario.check(outcome, { gateway, support, stream, simulator })
        expect(simulated.calls()).toBe(calls + (simulator ? 1 : 0))
        return 'works'
      })
    })
  })
})

/** GraphQL tells a failure in its answer. */
function refusalStatus({ path }: Way): number {
  return path === '/graphql' ? 200 : 400
}

const upstream = providersUnderTest.filter(({ tooLong }) => tooLong)

describe.each(upstream)('$id fails', (entry) => {
  describe.each(ways)('$name', (way) => {
    test.each(failures)('$name', async ({ name, answer, model, code, waits }) => {
      await table.cell(entry.id, name, async () => {
        const simulator = simulatorOf(entry)
        const scripted = answer?.(entry)
        // A credential that can be renewed is tried once more.
        const times = name === 'a wrong credential' && providerOf(entry).renewCredential ? 2 : 1
        if (scripted) simulator.next(...Array.from({ length: times }, () => scripted))
        const { status, error, headers } = await ask(gateway, way, {
          model: `${entry.id}/${model ?? entry.models[0]}`,
          question: { turns: [{ role: 'user', text: 'hello there, how are you' }] },
        })
        const expected = code(way.stream)
        expect(error?.code).toBe(errorTable[expected].openaiCode)
        if (way.path !== '/graphql' && expected !== 'UPSTREAM_TRUNCATED') {
          expect(status).toBeGreaterThanOrEqual(400)
        }
        const wait = headers.get('retry-after') ?? error?.retryAfterMs
        expect(Number(wait ?? 0) > 0).toBe(waits ?? false)
        expect(simulator.pending).toBe(0)
        return expected.toLowerCase()
      })
    })

    test('a client that leaves', async () => {
      const word = await table.cell(entry.id, 'a client that leaves', () =>
        cancellation({
          gateway,
          way,
          simulator: simulatorOf(entry),
          model: `${entry.id}/${entry.models[0]}`,
        }),
      )
      expect(word).toBe('closed')
    })
  })
})

describe.each(providersUnderTest)('$id', (entry) => {
  test.each(['REST', 'GraphQL'] as const)('embeddings through %s', async (door) => {
    await table.cell(entry.id, 'embeddings', async () => {
      const calls = simulated.calls()
      const { embeddingModel: name = entry.models[0] } = entry
      const answer = await embedding(gateway, door, `${entry.id}/${name}`)
      if (!providerOf(entry).embeddings) {
        expect(answer).toEqual({ code: 'unsupported_feature', vectors: [] })
        expect(simulated.calls()).toBe(calls)
        return 'refused'
      }
      expect(answer.code).toBeUndefined()
      expect(answer.vectors).toHaveLength(2)
      expect(answer.vectors[0]).not.toEqual(answer.vectors[1])
      for (const vector of answer.vectors) expect(vector.length).toBeGreaterThan(1)
      return 'works'
    })
  })
})
