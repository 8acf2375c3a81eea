import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ConfigError, loadConfig, type Environment } from '../src/config.ts'
import type { UpstreamRequest } from '../src/providers/provider.ts'
import { openCatalogue } from '../src/start.ts'

const folder = mkdtempSync(join(tmpdir(), 'xrouter-config-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function load(toml: string, environment: Environment = {}) {
  const file = join(folder, 'xrouter.toml')
  writeFileSync(file, toml)
  return loadConfig(environment, file)
}

function problemsOf(toml: string, environment: Environment = {}) {
  try {
    openCatalogue(load(toml, environment))
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(({ path, message }) => `${path}: ${message}`).toSorted()
  }
  return []
}

const request: UpstreamRequest = { method: 'POST', url: 'http://localhost', headers: {} }
const neverSent = () => Promise.reject(new Error('nothing is sent'))

describe('[models]', () => {
  test('a deployment may be its name alone, and everything else has its usual value', () => {
    const { models } = load('[models.smart]\ndeployments = ["demo/echo"]')
    expect(models).toEqual([
      {
        name: 'smart',
        policy: {
          strategy: 'ordered',
          stickyBy: undefined,
          weights: { latency: 1, cost: 1, errors: 1 },
          hedgeAfterMs: 'p95',
          parallel: 2,
          maxCost: undefined,
          attemptsMax: 5,
          stickiness: 'none',
          prefixAffinity: false,
        },
        deployments: [
          { model: 'demo/echo', weight: 1, priority: 0, tags: [], dataPolicy: undefined },
        ],
      },
    ])
  })

  test('everything can be said', () => {
    const { models } = load(`
      [models."team/smart"]
      strategy = "hedge"
      sticky_by = "tag:team"
      weights = { cost = 2, cache = 0.5 }
      hedge_after_ms = 300
      parallel = 3
      max_cost = { currency = "USD", amount = "0.05" }
      attempts_max = 2
      stickiness = "turn"
      prefix_affinity = true
      deployments = [
        { model = "demo/echo", weight = 0.1, priority = 1, region = "eu", data_policy = "no-training", tags = ["a"], variant = "b" },
      ]`)
    expect(models[0]).toEqual({
      name: 'team/smart',
      policy: {
        strategy: 'hedge',
        stickyBy: 'tag:team',
        weights: { cost: 2, cache: 0.5 },
        hedgeAfterMs: 300,
        parallel: 3,
        maxCost: { currency: 'USD', nanos: 50_000_000n },
        attemptsMax: 2,
        stickiness: 'turn',
        prefixAffinity: true,
      },
      deployments: [
        {
          model: 'demo/echo',
          weight: 0.1,
          priority: 1,
          region: 'eu',
          dataPolicy: 'no-training',
          tags: ['a'],
          variant: 'b',
        },
      ],
    })
  })

  test('bounds of a deployment hold by whatever name it is called, and are the same wherever it is named', () => {
    const toml = (more: string) => `
      [providers.demo]
      requests_per_minute = 90
      [models.smart]
      deployments = [{ model = "demo/echo", max_concurrent = 4, tokens_per_minute = 9000 }]
      ${more}`
    const catalogue = openCatalogue(load(toml('')))
    const bounds = { requestsPerMinute: 90, maxConcurrent: 4, tokensPerMinute: 9_000 }
    for (const name of ['smart', 'demo/echo', 'echo']) {
      expect(catalogue.resolve(name).bounds).toEqual(bounds)
    }
    const other = '[models.other]\ndeployments = [{ model = "echo", max_concurrent = 5 }]'
    expect(problemsOf(toml(other))).toEqual([
      'models.other.deployments[0]: `demo/echo` has other bounds elsewhere: they hold wherever it is named',
    ])
    expect(problemsOf(toml(other.replace(', max_concurrent = 5', '')))).toEqual([])
  })

  test('what is wrong is said all at once, each with its path', () => {
    const problems = problemsOf(`
      [models.smart]
      strategy = "best"
      sticky_by = "moon"
      hedge_after_ms = "p99"
      parallel = 1
      wieghts = {}
      weights = { beauty = 1 }
      deployments = [{ model = "demo/echo", weight = -1, data_policy = "none" }, { wieght = 1 }]
      [models.empty]
      deployments = []`)
    expect(problems.map((problem) => problem.split(': ')[0])).toEqual([
      'models.empty.deployments',
      'models.smart.deployments[0].data_policy',
      'models.smart.deployments[0].weight',
      'models.smart.deployments[1].model',
      'models.smart.deployments[1].wieght',
      'models.smart.hedge_after_ms',
      'models.smart.parallel',
      'models.smart.sticky_by',
      'models.smart.strategy',
      'models.smart.weights.beauty',
      'models.smart.wieghts',
    ])
  })

  test('names that mean nothing, or what they may not mean, are problems at their place', () => {
    expect(
      problemsOf(`
        [models.smart]
        deployments = ["demo/none", "demo/echo", "echo", "clever"]
        [models.clever]
        deployments = ["words"]
        [models."demo/new"]
        deployments = ["demo/echo"]
        [models.words]
        deployments = ["demo/echo"]
        [aliases]
        words = "demo/echo"
        wise = "clever"
        [fallbacks]
        smart = ["clever", "nothing"]`),
    ).toEqual([
      'fallbacks."smart"[1]: `nothing` is no model of a configured provider',
      'models."demo/new": begins like a model of a configured provider',
      'models.smart.deployments[0].model: `demo/none` is no model of a configured provider',
      'models.smart.deployments[2].model: `demo/echo` is there twice; give it a higher weight instead',
      'models.smart.deployments[3].model: `clever` is a virtual model; name what it consists of',
      'models.words: `words` is an alias, too',
    ])
  })
})

describe('where a provider is', () => {
  const server = (lines: string, url = 'https://api.example.com/v1'): string =>
    `[providers.one]\ntype = "openai-compatible"\nbase_url = "${url}"\n${lines}`
  const siteOf = (toml: string) => load(toml).providers.find(({ id }) => id === 'one')?.site

  test('is what the configuration says', () => {
    expect(siteOf(server('region = "eu"\ndata_policy = "no-retention"'))).toEqual({
      region: 'eu',
      dataPolicy: 'no-retention',
      local: false,
    })
  })

  test.each([
    ['http://127.0.0.1:8000/v1', true],
    ['http://10.1.2.3/v1', true],
    ['http://[::1]:8000/v1', true],
    ['http://gpu.internal/v1', true],
    ['http://8.8.8.8/v1', false],
    ['https://localhost.example.com/v1', false],
  ])('%s is local: %s', (url, local) => {
    expect(siteOf(server('', url))?.local).toBe(local)
    expect(siteOf(server(`local = ${!local}`, url))?.local).toBe(!local)
  })

  test('a cloud’s own region is also where it is', () => {
    const toml = '[providers.bedrock]\nregion = "eu-central-1"\napi_key = "k"'
    const [bedrock] = load(toml).providers
    expect(bedrock?.site?.region).toBe('eu-central-1')
    expect(bedrock?.baseUrl).toContain('eu-central-1')
  })
})

describe('api_keys', () => {
  const openai = (line: string): string => `[providers.openai]\n${line}`

  test('make the same provider under each of its credentials, named but never shown', async () => {
    const keys = 'api_keys = ["env:FIRST", { id = "team-b", key = "sk-second" }]'
    const [provider] = load(openai(keys), {
      FIRST: 'sk-first',
      OPENAI_API_KEY: 'sk-usual',
    }).providers
    const accounts = provider?.accounts ?? []
    expect(accounts.map(({ id, credential }) => [id, credential])).toEqual([
      ['openai', '1'],
      ['openai', 'team-b'],
    ])
    const signed = await Promise.all(
      accounts.map(async (each) => each.authorize(request, neverSent)),
    )
    expect(signed.map(({ headers }) => headers['authorization'])).toEqual([
      'Bearer sk-first',
      'Bearer sk-second',
    ])
  })

  test('one of them is as one api_key', async () => {
    const [provider] = load(openai('api_keys = ["sk-only"]')).providers
    expect(provider?.accounts).toBeUndefined()
    const signed = await provider?.authorize(request, neverSent)
    expect(signed?.headers['authorization']).toBe('Bearer sk-only')
  })

  test('stand for the credentials of a provider that calls them otherwise', () => {
    const [provider] = load('[providers.gigachat]\napi_keys = ["one", "two"]').providers
    expect(provider?.accounts).toHaveLength(2)
  })

  test.each([
    [
      openai('api_key = "a"\napi_keys = ["b", "c"]'),
      /openai\.api_keys: set either this or api_key/,
    ],
    [openai('api_keys = []'), /openai\.api_keys/],
    [openai('api_keys = [{ id = "1", key = "a" }, { id = "1", key = "b" }]'), /the same id/],
    [openai('api_keys = [1]'), /must be a text or a table/],
    [
      '[providers.demo]\napi_keys = ["a", "b"]',
      /demo\.api_keys: this kind of provider has no such/,
    ],
  ])('%s is refused', (toml, message) => {
    expect(problemsOf(toml).join('\n')).toMatch(message)
    expect(problemsOf(toml)).not.toContain('sk-')
  })
})
