import { geminiKey, startGeminiSimulator } from './simulators/gemini.ts'
import { startGigachatSimulator } from './simulators/gigachat.ts'
import { startOpenaiSimulator } from './simulators/openai.ts'
import { startYandexSimulator, yandexCredentials } from './simulators/yandex.ts'

/** Every provider that has a simulator, running, and the configuration that points a gateway at them. */
export interface SimulatedProviders {
  toml: string
  /** Completions that were asked of any of them. */
  calls(): number
  close(): Promise<void>
}

export async function startSimulatedProviders(): Promise<SimulatedProviders> {
  const openai = await startOpenaiSimulator()
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

[providers.compatible]
type = "openai-compatible"
api_key = "sk-simulated"
base_url = "${openai.url}"

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
      [openai, gemini, gigachat.api, yandex, yandexOpenai]
        .flatMap(({ requests }) => requests)
        .filter(({ method }) => method === 'POST').length,
    close: async () => {
      await openai.close()
      await gemini.close()
      await gigachat.close()
      await yandex.close()
      await yandexOpenai.close()
    },
  }
}
