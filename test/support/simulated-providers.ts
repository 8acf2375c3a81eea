import { startOpenaiSimulator } from './simulators/openai.ts'

/** Every provider that has a simulator, running, and the configuration that points a gateway at them. */
export interface SimulatedProviders {
  toml: string
  /** Completions that were asked of any of them. */
  calls(): number
  close(): Promise<void>
}

export async function startSimulatedProviders(): Promise<SimulatedProviders> {
  const openai = await startOpenaiSimulator()
  return {
    toml: `
[providers.openai]
api_key = "sk-simulated"
base_url = "${openai.url}"

[providers.compatible]
type = "openai-compatible"
api_key = "sk-simulated"
base_url = "${openai.url}"
`,
    calls: () => openai.requests.length,
    close: () => openai.close(),
  }
}
