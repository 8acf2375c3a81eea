import { invalid as invalidForAnthropic } from './simulators/anthropic-error.ts'
import { startAnthropicSimulator } from './simulators/anthropic.ts'
import type { Answer } from './simulators/exchange.ts'
import { httpError } from './simulators/faults.ts'
import { tooLong as tooLongForGemini } from './simulators/gemini-error.ts'
import { azureKey, startAzureSimulator } from './simulators/azure.ts'
import { bedrockCredentials } from './simulators/bedrock-auth.ts'
import { tooLong as tooLongForBedrock } from './simulators/bedrock-error.ts'
import { startBedrockSimulator } from './simulators/bedrock.ts'
import { startMwsSimulator } from './simulators/mws.ts'
import { startVllmSimulator } from './simulators/vllm.ts'
import { startXaiSimulator } from './simulators/xai.ts'
import { geminiKey, startGeminiSimulator } from './simulators/gemini.ts'
import { startGigachatSimulator } from './simulators/gigachat.ts'
import { tooLong as tooLongForOllama } from './simulators/ollama-request.ts'
import { startOllamaSimulator } from './simulators/ollama.ts'
import { contextLength } from './simulators/openai-error.ts'
import { openaiModels, reasoner } from './simulators/openai-models.ts'
import { startOpenaiSimulator } from './simulators/openai.ts'
import type { Simulator } from './simulators/server.ts'
import { tooLong as tooLongForYandex } from './simulators/yandex-error.ts'
import { startYandexSimulator, yandexCredentials } from './simulators/yandex.ts'

/** A configured provider and the service behind it: all that the suites over every provider need to know. */
export interface ProviderUnderTest {
  /** Its name in the configuration. */
  id: string
  /** Its kind in the registry. */
  type: string
  /** The first answers what is asked of the provider; the others have a word of their own on some feature. */
  models: readonly [string, ...string[]]
  /** One that reasons, where the first does not. */
  reasoningModel?: string
  /** One that makes vectors, where the provider offers them. */
  embeddingModel?: string
  /** How the service refuses a prompt that is too long; a provider without a service needs none. */
  tooLong?: Answer
  start(): Promise<Simulation>
}

interface Simulation {
  /** Members of `[providers.<id>]`; the kind is added where the name is another. */
  toml: string
  /** The server that completes; absent where the provider answers in this process. */
  simulator?: Simulator
  close(): Promise<void>
}

/** Every kind of provider at least once; a new one is one entry here. */
export const providersUnderTest: readonly ProviderUnderTest[] = [
  {
    id: 'openai',
    type: 'openai',
    models: ['gpt-4o'],
    reasoningModel: 'gpt-5',
    embeddingModel: 'text-embedding-3-small',
    tooLong: httpError(400, contextLength.body()),
    start: async () => keyed(await startOpenaiSimulator(), 'sk-simulated'),
  },
  {
    id: 'openai-responses',
    type: 'openai',
    models: ['gpt-4o'],
    reasoningModel: 'gpt-5',
    embeddingModel: 'text-embedding-3-small',
    tooLong: httpError(400, contextLength.body()),
    start: async () => {
      const { toml, ...rest } = keyed(await startOpenaiSimulator(), 'sk-simulated')
      return { ...rest, toml: `${toml}\napi = "responses"` }
    },
  },
  {
    id: 'compatible',
    type: 'openai-compatible',
    models: ['gpt-4o'],
    reasoningModel: reasoner.id,
    embeddingModel: 'text-embedding-3-small',
    tooLong: httpError(400, contextLength.body()),
    start: async () =>
      keyed(await startOpenaiSimulator({ models: [...openaiModels, reasoner] }), 'sk-simulated'),
  },
  {
    id: 'azure',
    type: 'azure',
    models: ['chat'],
    reasoningModel: 'reason',
    embeddingModel: 'vectors',
    tooLong: httpError(400, contextLength.body()),
    start: async () => {
      const simulator = await startAzureSimulator()
      const toml = `endpoint = "${simulator.url}"\napi_key = "${azureKey}"`
      return { simulator, toml, close: () => simulator.close() }
    },
  },
  {
    id: 'xai',
    type: 'xai',
    models: ['grok-3', 'grok-4.5', 'grok-4', 'grok-3-mini'],
    tooLong: httpError(400, {
      code: 'Client specified an invalid argument',
      error: "This model's maximum prompt length is 131072 but the request contains 200042 tokens.",
    }),
    start: async () => keyed(await startXaiSimulator(), 'xai-simulated'),
  },
  {
    id: 'anthropic',
    type: 'anthropic',
    models: ['claude-opus-5', 'claude-sonnet-4-6', 'claude-haiku-4-5'],
    tooLong: httpError(
      400,
      invalidForAnthropic('prompt is too long: 1000042 tokens > 1000000 maximum').body(),
    ),
    start: async () => keyed(await startAnthropicSimulator(), 'sk-ant-simulated'),
  },
  {
    id: 'bedrock',
    type: 'bedrock',
    models: [
      'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
      'global.anthropic.claude-opus-5',
      'anthropic.claude-3-haiku-20240307-v1:0',
      'amazon.nova-lite-v1:0',
      'openai.gpt-oss-20b-1:0',
    ],
    tooLong: httpError(400, tooLongForBedrock.body()),
    start: async () => {
      const simulator = await startBedrockSimulator()
      const toml = `base_url = "${simulator.url}"
        region = "${bedrockCredentials.region}"
        access_key_id = "${bedrockCredentials.accessKeyId}"
        secret_access_key = "${bedrockCredentials.secretAccessKey}"`
      return { simulator, toml, close: () => simulator.close() }
    },
  },
  {
    id: 'gemini',
    type: 'gemini',
    models: ['gemini-2.5-flash', 'gemini-2.0-flash', 'gemini-3-flash-preview'],
    embeddingModel: 'gemini-embedding-001',
    tooLong: httpError(400, tooLongForGemini(1_100_000, 1_048_576).body()),
    start: async () => keyed(await startGeminiSimulator(), geminiKey),
  },
  {
    id: 'ollama',
    type: 'ollama',
    models: ['qwen3:0.6b'],
    embeddingModel: 'all-minilm:latest',
    tooLong: httpError(400, tooLongForOllama.body()),
    start: async () => {
      const simulator = await startOllamaSimulator()
      const toml = `endpoints = ["${simulator.url}"]`
      return { simulator, toml, close: () => simulator.close() }
    },
  },
  {
    id: 'gigachat',
    type: 'gigachat',
    models: ['GigaChat-2'],
    embeddingModel: 'Embeddings',
    tooLong: httpError(413),
    start: async () => {
      const gigachat = await startGigachatSimulator()
      return { simulator: gigachat.api, toml: gigachat.toml, close: () => gigachat.close() }
    },
  },
  {
    id: 'gigachat-v2',
    type: 'gigachat',
    models: ['GigaChat-2'],
    tooLong: httpError(413),
    start: async () => {
      const gigachat = await startGigachatSimulator({ api: 'v2' })
      return { simulator: gigachat.api, toml: gigachat.toml, close: () => gigachat.close() }
    },
  },
  {
    id: 'yandex',
    type: 'yandex',
    models: ['yandexgpt'],
    embeddingModel: 'text-search-doc',
    tooLong: httpError(400, tooLongForYandex.body('native')),
    start: async () => inFolder(await startYandexSimulator()),
  },
  {
    id: 'yandex-openai',
    type: 'yandex',
    models: ['yandexgpt'],
    embeddingModel: 'text-search-doc',
    tooLong: httpError(400, tooLongForYandex.body('openai')),
    start: async () => inFolder(await startYandexSimulator({ api: 'openai' }), 'openai'),
  },
  {
    id: 'mts',
    type: 'mts',
    models: ['qwen3-32b'],
    embeddingModel: 'bge-m3',
    tooLong: httpError(400, contextLength.body()),
    start: async () => keyed(await startMwsSimulator(), 'mws-simulated'),
  },
  {
    id: 'tbank',
    type: 'tbank',
    models: ['t-tech/T-pro-it-2.1', 't-tech/T-lite-it-1.0', 't-tech/T-pro-it-2.0'],
    embeddingModel: 'bge-m3',
    tooLong: httpError(400, contextLength.body()),
    start: async () => keyed(await startVllmSimulator(), 'vllm-simulated'),
  },
  {
    id: 'demo',
    type: 'demo',
    models: ['echo'],
    start: async () => ({ toml: 'token_delay_ms = 0', close: async () => {} }),
  },
]

/** What every provider must pass is tested with these, as `provider/model`. */
export const simulatedModels: readonly string[] = providersUnderTest.flatMap(({ id, models }) =>
  models.map((name) => `${id}/${name}`),
)

/** Every provider that there is, running, and the configuration that points a gateway at them. */
export interface SimulatedProviders {
  toml: string
  /** By the provider's name; one that answers in this process has none. */
  simulators: ReadonlyMap<string, Simulator>
  /** What was asked of any of them, beside their lists of models and their tokens. */
  calls(): number
  close(): Promise<void>
}

export async function startSimulatedProviders(): Promise<SimulatedProviders> {
  const running = await Promise.all(
    providersUnderTest.map(async (entry) => ({ entry, ...(await entry.start()) })),
  )
  const simulators = new Map(
    running.flatMap(({ entry, simulator }) => (simulator ? [[entry.id, simulator]] : [])),
  )
  return {
    toml: running.map(({ entry, toml }) => tableOf(entry, toml)).join('\n'),
    simulators,
    calls: () =>
      [...simulators.values()]
        .flatMap(({ requests }) => requests)
        .filter(({ method }) => method === 'POST').length,
    close: async () => {
      await Promise.all(running.map((simulation) => simulation.close()))
    },
  }
}

function tableOf({ id, type }: ProviderUnderTest, toml: string): string {
  const kind = toml.includes('type = ') ? '' : `type = "${type}"\n`
  return `[providers.${id}]\n${kind}${toml.replaceAll(/^ +/gm, '')}\n`
}

/** A service that takes a key. */
function keyed(simulator: Simulator, key: string): Simulation {
  return {
    toml: `api_key = "${key}"\nbase_url = "${simulator.url}"`,
    simulator,
    close: () => simulator.close(),
  }
}

function inFolder(simulator: Simulator, api: 'native' | 'openai' = 'native'): Simulation {
  const { apiKey, folder } = yandexCredentials
  const { toml, ...rest } = keyed(simulator, apiKey)
  return { ...rest, toml: `${toml}\napi = "${api}"\nfolder_id = "${folder}"` }
}
