import { azureKey, startAzureSimulator } from './simulators/azure.ts'
import { startAnthropicSimulator } from './simulators/anthropic.ts'
import { bedrockCredentials } from './simulators/bedrock-auth.ts'
import { startBedrockSimulator } from './simulators/bedrock.ts'
import { geminiKey, startGeminiSimulator } from './simulators/gemini.ts'
import { startGigachatSimulator } from './simulators/gigachat.ts'
import { startMwsSimulator } from './simulators/mws.ts'
import { startOpenaiSimulator } from './simulators/openai.ts'
import { startVllmSimulator } from './simulators/vllm.ts'
import { startXaiSimulator } from './simulators/xai.ts'
import { startYandexSimulator, yandexCredentials } from './simulators/yandex.ts'

/** One model or more of each: what every provider must pass is tested with these. */
export const simulatedModels: readonly string[] = [
  'openai/gpt-4o',
  'openai-responses/gpt-4o',
  'compatible/gpt-4o',
  'anthropic/claude-opus-5',
  'anthropic/claude-sonnet-4-6',
  'anthropic/claude-haiku-4-5',
  'azure/chat',
  'xai/grok-3',
  'mts/qwen3-32b',
  'tbank/t-tech/T-pro-it-2.1',
  'tbank/t-tech/T-lite-it-1.0',
  'bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0',
  'bedrock/global.anthropic.claude-opus-5',
  'bedrock/anthropic.claude-3-haiku-20240307-v1:0',
  'bedrock/amazon.nova-lite-v1:0',
  'bedrock/openai.gpt-oss-20b-1:0',
  'gemini/gemini-2.5-flash',
  'gemini/gemini-2.0-flash',
  'gemini/gemini-3-flash-preview',
  'gigachat/GigaChat-2',
  'yandex/yandexgpt',
  'yandex-openai/yandexgpt',
  'demo/echo',
]

/** Models that think unasked: their thoughts come first, and leave little of a small limit. */
export const thinkingModels: readonly string[] = [
  'xai/grok-4.5',
  'xai/grok-4',
  'xai/grok-3-mini',
  'tbank/t-tech/T-pro-it-2.0',
]

/** Every provider that has a simulator, running, and the configuration that points a gateway at them. */
export interface SimulatedProviders {
  toml: string
  /** Completions that were asked of any of them. */
  calls(): number
  close(): Promise<void>
}

export async function startSimulatedProviders(): Promise<SimulatedProviders> {
  const openai = await startOpenaiSimulator()
  const anthropic = await startAnthropicSimulator()
  const gemini = await startGeminiSimulator()
  const gigachat = await startGigachatSimulator()
  const yandex = await startYandexSimulator()
  const yandexOpenai = await startYandexSimulator({ api: 'openai' })
  const azure = await startAzureSimulator()
  const xai = await startXaiSimulator()
  const mws = await startMwsSimulator()
  const vllm = await startVllmSimulator()
  const bedrock = await startBedrockSimulator()
  const { apiKey, folder } = yandexCredentials
  return {
    toml: `
[providers.openai]
api_key = "sk-simulated"
base_url = "${openai.url}"

[providers.openai-responses]
type = "openai"
api = "responses"
api_key = "sk-simulated"
base_url = "${openai.url}"

[providers.compatible]
type = "openai-compatible"
api_key = "sk-simulated"
base_url = "${openai.url}"

[providers.azure]
endpoint = "${azure.url}"
api_key = "${azureKey}"

[providers.xai]
base_url = "${xai.url}"
api_key = "xai-simulated"

[providers.mts]
base_url = "${mws.url}"
api_key = "mws-simulated"

[providers.tbank]
base_url = "${vllm.url}"
api_key = "vllm-simulated"

[providers.anthropic]
api_key = "sk-ant-simulated"
base_url = "${anthropic.url}"

[providers.bedrock]
base_url = "${bedrock.url}"
region = "${bedrockCredentials.region}"
access_key_id = "${bedrockCredentials.accessKeyId}"
secret_access_key = "${bedrockCredentials.secretAccessKey}"

[providers.gemini]
api_key = "${geminiKey}"
base_url = "${gemini.url}"

[providers.gigachat]
${gigachat.toml}

[providers.yandex]
api_key = "${apiKey}"
folder_id = "${folder}"
base_url = "${yandex.url}"

[providers.yandex-openai]
type = "yandex"
api = "openai"
api_key = "${apiKey}"
folder_id = "${folder}"
base_url = "${yandexOpenai.url}"
`,
    calls: () =>
      [
        openai,
        azure,
        xai,
        mws,
        vllm,
        bedrock,
        anthropic,
        gemini,
        gigachat.api,
        yandex,
        yandexOpenai,
      ]
        .flatMap(({ requests }) => requests)
        .filter(({ method }) => method === 'POST').length,
    close: async () => {
      await openai.close()
      for (const one of [azure, xai, mws, vllm, bedrock]) await one.close()
      await anthropic.close()
      await gemini.close()
      await gigachat.close()
      await yandex.close()
      await yandexOpenai.close()
    },
  }
}
