import { startGateway, type TestGateway } from './gateway.ts'
import { startGigachatSimulator, type GigachatSimulator } from './simulators/gigachat.ts'
import { startOpenaiSimulator } from './simulators/openai.ts'
import type { Simulator } from './simulators/server.ts'
import { startYandexSimulator, yandexCredentials } from './simulators/yandex.ts'

/** A gateway before everything that makes vectors: `openai`, `backup`, `gigachat`, `native` and `compatible`. */
export interface EmbeddingGateway {
  gateway: TestGateway
  openai: Simulator
  backup: Simulator
  gigachat: GigachatSimulator
  /** Yandex by its own API, and by the OpenAI-compatible one. */
  native: Simulator
  compatible: Simulator
  /** Calls that were made of any of them so far. */
  calls(): number
  stop(): Promise<void>
}

export async function startEmbeddingGateway(): Promise<EmbeddingGateway> {
  const openai = await startOpenaiSimulator()
  const backup = await startOpenaiSimulator()
  const gigachat = await startGigachatSimulator()
  const native = await startYandexSimulator()
  const compatible = await startYandexSimulator({ api: 'openai' })
  const { apiKey, folder } = yandexCredentials
  const gateway = await startGateway(
    `[providers.openai]
     api_key = "sk-simulated"
     base_url = "${openai.url}"
     [providers.backup]
     type = "openai-compatible"
     api_key = "sk-simulated"
     base_url = "${backup.url}"
     [providers.gigachat]
     ${gigachat.toml}
     [providers.native]
     type = "yandex"
     api_key = "${apiKey}"
     folder_id = "${folder}"
     base_url = "${native.url}"
     [providers.compatible]
     type = "yandex"
     api = "openai"
     api_key = "${apiKey}"
     folder_id = "${folder}"
     base_url = "${compatible.url}"`,
  )
  const simulators = [openai, backup, gigachat.api, native, compatible]
  return {
    gateway,
    openai,
    backup,
    gigachat,
    native,
    compatible,
    calls: () =>
      simulators.flatMap(({ requests }) => requests).filter(({ method }) => method === 'POST')
        .length,
    stop: async () => {
      await gateway.stop()
      await gigachat.close()
      for (const simulator of [openai, backup, native, compatible]) await simulator.close()
    },
  }
}

/** What was asked of a simulator with the last POST. */
export function lastBody({ requests }: Simulator): unknown {
  return requests.findLast(({ method }) => method === 'POST')?.body
}
