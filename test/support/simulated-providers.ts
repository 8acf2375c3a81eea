import { startAnthropicSimulator } from './simulators/anthropic.ts'
import { geminiKey, startGeminiSimulator } from './simulators/gemini.ts'
import { startGigachatSimulator } from './simulators/gigachat.ts'
import { startOpenaiSimulator } from './simulators/openai.ts'
import { startYandexSimulator, yandexCredentials } from './simulators/yandex.ts'

/** One model or more of each: what every provider must pass is tested with these. */
export const simulatedModels: readonly string[] = [
  'openai/gpt-4o',
  'openai-responses/gpt-4o',
  'compatible/gpt-4o',
  'anthropic/claude-opus-5',
  'anthropic/claude-sonnet-4-6',
  'anthropic/claude-haiku-4-5',
  'gemini/gemini-2.5-flash',
  'gemini/gemini-2.0-flash',
  'gemini/gemini-3-flash-preview',
  'gigachat/GigaChat-2',
  'yandex/yandexgpt',
  'yandex-openai/yandexgpt',
  'demo/echo',
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

[providers.anthropic]
api_key = "sk-ant-simulated"
base_url = "${anthropic.url}"

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
      [openai, anthropic, gemini, gigachat.api, yandex, yandexOpenai]
        .flatMap(({ requests }) => requests)
        .filter(({ method }) => method === 'POST').length,
    close: async () => {
      await openai.close()
      await anthropic.close()
      await gemini.close()
      await gigachat.close()
      await yandex.close()
      await yandexOpenai.close()
    },
  }
}
