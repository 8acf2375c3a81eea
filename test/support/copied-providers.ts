import type { Simulator } from './simulators/server.ts'
import { azureKey, startAzureSimulator } from './simulators/azure.ts'
import { startMwsSimulator } from './simulators/mws.ts'
import { startVllmSimulator } from './simulators/vllm.ts'
import { startXaiSimulator } from './simulators/xai.ts'

/** One way of reaching a provider that copied OpenAI's wire. */
export interface CopiedProvider {
  /** Its name in the configuration. */
  name: string
  start: () => Promise<Simulator>
  /** Its table, with the credential given. */
  toml: (simulator: Simulator, key?: string) => string
  model: string
  /** A model that reasons, and the words for it. */
  reasoning: { model: string; shown: boolean }
}

const vllm = {
  name: 'tbank',
  start: () => startVllmSimulator({ cachedTokens: 3 }),
  toml: ({ url }: Simulator, key = 'vllm-simulated') =>
    `type = "tbank"\nbase_url = "${url}"\napi_key = "${key}"`,
  model: 't-tech/T-pro-it-2.1',
  reasoning: { model: 't-tech/T-pro-it-2.0', shown: true },
}

function azure(name: string, version: string): CopiedProvider {
  return {
    name,
    start: () => startAzureSimulator({ cachedTokens: 3 }),
    toml: ({ url }, key = azureKey) =>
      `type = "azure"\nendpoint = "${url}"\napi_key = "${key}"\n${version}`,
    model: 'chat',
    reasoning: { model: 'reason', shown: false },
  }
}

export const copiedProviders: CopiedProvider[] = [
  azure('azure-v1', ''),
  azure('azure-preview', 'api_version = "preview"'),
  azure('azure-dated', 'api_version = "2024-10-21"'),
  {
    name: 'xai',
    start: () => startXaiSimulator({ cachedTokens: 3 }),
    toml: ({ url }, key = 'xai-simulated') =>
      `type = "xai"\nbase_url = "${url}"\napi_key = "${key}"`,
    model: 'grok-3',
    reasoning: { model: 'grok-3-mini', shown: true },
  },
  {
    name: 'mts',
    start: () => startMwsSimulator({ cachedTokens: 3 }),
    toml: ({ url }, key = 'mws-simulated') =>
      `type = "mts"\nbase_url = "${url}"\napi_key = "${key}"`,
    model: 'qwen3-32b',
    reasoning: { model: 'qwen3-32b', shown: false },
  },
  vllm,
]
