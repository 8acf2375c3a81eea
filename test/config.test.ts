import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ConfigError, loadConfig, type Environment } from '../src/config.ts'
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
    if (error instanceof ConfigError) return error.problems.map((each) => each.path).toSorted()
    throw error
  }
  return []
}

describe('configuration', () => {
  test('without file and environment: loopback, port 4000, ./data and the demo provider', () => {
    const config = load('')
    expect(config.server).toMatchObject({ host: '127.0.0.1', port: 4000, corsOrigins: [] })
    expect(config.storage).toEqual({ databaseUrl: undefined, dataDir: './data' })
    expect(config.providers.map((provider) => provider.id)).toEqual(['demo'])
  })

  test('WebSockets are limited, and each limit can be set', () => {
    expect(load('').graphql.webSocket).toEqual({
      connectionsMax: 10_000,
      connectionsPerKeyMax: 1_000,
      operationsMax: 100,
      initTimeoutMs: 5_000,
      pingIntervalMs: 12_000,
    })
    const set = load('[graphql.websocket]\nconnections_max = 5\noperations_max = 2')
    expect(set.graphql.webSocket).toMatchObject({ connectionsMax: 5, operationsMax: 2 })
    expect(problemsOf('[graphql.websocket]\nconnections_max = 0\nping = 1')).toEqual([
      'graphql.websocket.connections_max',
      'graphql.websocket.ping',
    ])
  })

  test('production turns the demo off unless it is configured', () => {
    expect(load('', { NODE_ENV: 'production' }).providers).toEqual([])
    const configured = load('[providers.demo]', { NODE_ENV: 'production' })
    expect(configured.providers.map((provider) => provider.id)).toEqual(['demo'])
  })

  test('the environment stands before the file', () => {
    const config = load('[server]\nport = 5000\nhost = "::1"\n[log]\nlevel = "warn"', {
      PORT: '6000',
      XROUTER_DATA_DIR: '/tmp/elsewhere',
      LOG_LEVEL: 'debug',
    })
    expect(config.server).toMatchObject({ host: '::1', port: 6000 })
    expect(config.storage.dataDir).toBe('/tmp/elsewhere')
    expect(config.logLevel).toBe('debug')
  })

  test('an empty variable is the same as none', () => {
    expect(load('', { PORT: '', OPENAI_API_KEY: '' }).server.port).toBe(4000)
  })

  test('a known provider switches on from its usual variable', () => {
    const config = load('', {
      OPENAI_API_KEY: 'sk-test',
      OPENAI_BASE_URL: 'http://localhost:1/v1/',
    })
    const openai = config.providers.find((provider) => provider.id === 'openai')
    expect(openai?.baseUrl).toBe('http://localhost:1/v1')
  })

  test('the file may set parts of a provider whose secret is in the environment', () => {
    const config = load('[providers.openai]\nbase_url = "http://localhost:9/v1"', {
      OPENAI_API_KEY: 'sk-test',
    })
    expect(config.providers.find(({ id }) => id === 'openai')?.baseUrl).toBe(
      'http://localhost:9/v1',
    )
  })

  test('enabled = false switches a provider off, also one of the environment', () => {
    const config = load('[providers.openai]\nenabled = false\n[providers.demo]\nenabled = false', {
      OPENAI_API_KEY: 'sk-test',
    })
    expect(config.providers).toEqual([])
  })

  test('several OpenAI-compatible servers stand side by side under their own names', () => {
    const config = load(
      `
      [providers.vllm]
      type = "openai-compatible"
      base_url = "http://localhost:8000/v1"
      models = ["qwen"]
      timeout_total_ms = 1000
      [providers.deepseek]
      type = "openai-compatible"
      base_url = "https://api.deepseek.com"
      api_key = "env:DEEPSEEK_KEY"`,
      { DEEPSEEK_KEY: 'k' },
    )
    const [vllm, deepseek] = config.providers
    expect(vllm).toMatchObject({ id: 'vllm', openModels: false, models: [{ name: 'qwen' }] })
    expect(vllm?.connection?.timeoutTotalMs).toBe(1000)
    expect(deepseek).toMatchObject({ id: 'deepseek', openModels: true })
  })

  test('usage is kept by the minute for a week, by the hour for two years', () => {
    expect(load('').retention).toEqual({
      usageMinuteDays: 7,
      usageHourDays: 800,
      logDays: 400,
      ledgerDays: 3_653,
    })
    const told = load(
      '[retention]\nusage_minute_days = 1\nusage_hour_days = 90\nlog_days = 32\nledger_days = 32',
    )
    expect(told.retention).toEqual({
      usageMinuteDays: 1,
      usageHourDays: 90,
      logDays: 32,
      ledgerDays: 32,
    })
    // Budgets of a month are counted from hours and from the log.
    const few = '[retention]\nusage_hour_days = 31\nlog_days = 31\nledger_days = 31'
    expect(problemsOf(few)).toEqual([
      'retention.ledger_days',
      'retention.log_days',
      'retention.usage_hour_days',
    ])
    expect(problemsOf('[retention]\nlog_days = 90\nledger_days = 89')).toEqual([
      'retention.ledger_days',
    ])
    expect(problemsOf('[retention]\nusage_minute_days = 0\nusage_day_days = 9')).toEqual([
      'retention.usage_day_days',
      'retention.usage_minute_days',
    ])
  })

  test('rates of exchange are read with their day, written as a date or as text', () => {
    const rate = (day: string) => `[[rates]]
      from = "USD"
      to = "RUB"
      rate = "92.5"
      valid_from = ${day}
      source = "Bank of Russia"`
    const { accounting } = load(
      `[accounting]\ncurrency = "RUB"\n${rate('2026-01-31')}\n${rate('"2026-02-28T12:00:00+03:00"')}`,
    )
    const usual = { from: 'USD', to: 'RUB', rate: '92.5', source: 'Bank of Russia' }
    expect(accounting).toEqual({
      accountingCurrency: 'RUB',
      rates: [
        { ...usual, validFrom: '2026-01-31T00:00:00.000Z' },
        { ...usual, validFrom: '2026-02-28T09:00:00.000Z' },
      ],
    })
    expect(load('').accounting).toEqual({ accountingCurrency: undefined, rates: [] })
    expect(
      problemsOf(`[accounting]\ncurrency = "rub"\n[[rates]]\nfrom = "USD"\nto = "USD"
        rate = "0"\nvalid_from = "yesterday"\nsource = "x"`),
    ).toEqual(['accounting.currency', 'rates[0].rate', 'rates[0].valid_from'])
  })

  test('prices are read as exact decimals', () => {
    const config = load(`
      [[prices]]
      model = "demo/echo"
      currency = "RUB"
      input = "0.0375"
      output = "200"
      cached_input = "0.01"`)
    expect(config.prices.get('demo/echo')).toEqual({
      currency: 'RUB',
      perMillion: { inputTokens: '0.0375', outputTokens: '200', cachedInputTokens: '0.01' },
      source: 'configuration',
    })
  })

  test('all problems are reported at once, each with its path', () => {
    expect(
      problemsOf(`
        colour = "red"
        [server]
        port = "many"
        hots = "x"
        [storage]
        database_url = "mysql://x"
        [providers.openai]
        api_key = "env:NOT_SET"
        base_url = "ftp://x"
        modles = []
        [providers.mine]
        [providers.other]
        type = "openai-compatible"
        ca_file = "/does/not/exist.pem"
        timeout_idle_ms = 0
        [[prices]]
        model = "nothing"
        currency = "rub"
        input = 1
        output = "1.0000000001"`),
    ).toEqual([
      'colour',
      'prices[0].currency',
      'prices[0].input',
      'prices[0].model',
      'prices[0].output',
      'providers.mine.type',
      'providers.openai.api_key',
      'providers.openai.base_url',
      'providers.openai.modles',
      'providers.other.base_url',
      'providers.other.ca_file',
      'providers.other.timeout_idle_ms',
      'server.hots',
      'server.port',
      'storage.database_url',
    ])
  })

  test('aliases, fallbacks and prices that name no model are problems', () => {
    expect(
      problemsOf(`
        [aliases]
        fast = "demo/echo"
        lost = "nowhere/model"
        [fallbacks]
        "demo/echo" = ["demo/none"]
        [[prices]]
        model = "openai/gpt-4o"
        currency = "USD"
        input = "1"
        output = "1"`),
    ).toEqual(['aliases.lost', 'fallbacks."demo/echo"[0]', 'prices[0].model'])
  })

  test('a message never shows a value, neither of a setting nor of a broken line', () => {
    const secret = 'sk-very-secret-value'
    const texts = [
      `[providers.openai]\napi_key = ["${secret}"]\n[server]\nport = "${secret}"`,
      `[providers.openai]\napi_key = ${secret}`,
      `[providers."x y"]\napi_key = "${secret}"`,
    ]
    for (const text of texts) {
      const message = messageOf(() => load(text))
      expect(message).toMatch(/problem/)
      expect(message).not.toContain(secret)
    }
  })

  test('a broken file is reported with its line, a missing one by name', () => {
    expect(messageOf(() => load('a = 1\nb = = 2'))).toMatch(/line 2, column/)
    expect(messageOf(() => loadConfig({ XROUTER_CONFIG: '/does/not/exist.toml' }))).toMatch(
      /\/does\/not\/exist\.toml: cannot be read \(ENOENT\)/,
    )
  })

  test('Redis is found by the form of its URL, from the file or the environment', () => {
    const fromFile = load('[storage]\nredis_url = "redis://:pass@r.example:7000/2"')
    expect(fromFile.storage.redis).toEqual({
      kind: 'single',
      tls: false,
      password: 'pass',
      node: { host: 'r.example', port: 7000 },
      db: 2,
      prefix: 'xrouter:',
    })
    const named = load('[storage]\nredis_url = "redis://x"\nredis_prefix = "eu-1:"')
    expect(named.storage.redis?.prefix).toBe('eu-1:')
    expect(problemsOf('[storage]\nredis_prefix = "{eu}"')).toEqual(['storage.redis_prefix'])
    const REDIS_URL = 'redis+sentinel://s1,s2/main'
    expect(load('[storage]\nredis_url = "redis://x"', { REDIS_URL }).storage.redis?.kind).toBe(
      'sentinel',
    )
    expect(load('').storage.redis).toBeUndefined()
    const wrong = { REDIS_URL: 'redis+cluster://hunter2@host/1' }
    expect(problemsOf('', wrong)).toEqual(['storage.redis_url'])
    expect(messageOf(() => load('', wrong))).not.toContain('hunter2')
  })

  test('a Postgres of several instances needs the common secret', () => {
    const DATABASE_URL = 'postgres://localhost/x'
    expect(problemsOf('', { DATABASE_URL })).toEqual(['XROUTER_SECRET'])
    const config = load('', { DATABASE_URL, XROUTER_SECRET: 's' })
    expect(config.storage.databaseUrl).toBe(DATABASE_URL)
  })
})

function messageOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return error instanceof Error ? error.message : ''
  }
  return 'no error'
}

describe('[graphql]', () => {
  const list = join(folder, 'documents.json')

  test('has limits that usual clients never meet, and suggestions outside of production', () => {
    expect(load('').graphql).toMatchObject({
      introspection: true,
      publicIntrospection: false,
      suggestions: true,
      maxDepth: 12,
      maxAliases: 30,
      maxTokens: 2_000,
      maxDirectives: 50,
      maxComplexity: 20_000,
      batchLimit: 10,
      persisted: undefined,
    })
    const production = { NODE_ENV: 'production' }
    expect(load('', production).graphql.suggestions).toBe(false)
    expect(load('[graphql]\nsuggestions = true', production).graphql.suggestions).toBe(true)
  })

  test('reads the list of persisted documents', () => {
    writeFileSync(list, '{"abc": "{ viewer { id } }"}')
    const { persisted } = load(`[graphql]\npersisted_documents = "${list}"`).graphql
    expect(persisted).toEqual({ documents: new Map([['abc', '{ viewer { id } }']]), only: false })
  })

  test.each([
    ['a limit of nothing', 'max_depth = 0', 'graphql.max_depth'],
    ['a limit that is no whole number', 'max_complexity = 1.5', 'graphql.max_complexity'],
    ['only the list, without one', 'persisted_only = true', 'graphql.persisted_only'],
    [
      'a list that is not there',
      'persisted_documents = "nowhere.json"',
      'graphql.persisted_documents',
    ],
    ['a list of something else', `persisted_documents = "${list}"`, 'graphql.persisted_documents'],
    [
      'a schema that is open and closed',
      'introspection = false\npublic_introspection = true',
      'graphql.public_introspection',
    ],
  ])('refuses %s', (_case, lines, path) => {
    writeFileSync(list, '["{ viewer { id } }"]')
    expect(problemsOf(`[graphql]\n${lines}`)).toEqual([path])
  })
})
