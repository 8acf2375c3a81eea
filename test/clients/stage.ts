import { startGateway, type TestGateway } from '../support/gateway.ts'
import { startRelay } from '../support/relay.ts'
import type { Controlled } from '../support/simulators/controlled.ts'
import { httpError } from '../support/simulators/faults.ts'
import { startOpenaiSimulator, type OpenaiSimulator } from '../support/simulators/openai.ts'
import type { Stage } from './scene.ts'

/** A whole gateway over a simulated provider, behind a network that can break. */
export interface Theatre {
  stage: Stage
  gateway: TestGateway
  simulator: OpenaiSimulator
  /** Of the GraphQL door, through the network that can break. */
  endpoint: { url: string; key: string }
  close: () => Promise<void>
}

/** `toml` comes before the configuration of the provider. */
export async function openTheatre(toml = ''): Promise<Theatre> {
  const simulator = await startOpenaiSimulator()
  const gateway = await startGateway(`
${toml}
[providers.openai]
api_key = "sk-simulated"
base_url = "${simulator.url}"
[aliases]
fast = "openai/gpt-4o"
`)
  const relay = await startRelay(gateway.url)
  let held: Controlled | undefined
  const hand = async (): Promise<Controlled> => {
    if (!held) throw new Error('hold a completion first')
    await held.received
    return held
  }
  const stage: Stage = {
    hold: async () => void (held = simulator.controlled()),
    say: async (text) => (await hand()).text(text),
    finish: async () => (await hand()).complete(),
    breakOff: async () => (await hand()).destroy(),
    left: async () => {
      const upstream = await hand()
      await upstream.closed
      return (await upstream.received).aborted
    },
    refuse: async (status) => simulator.next(httpError(status)),
    cut: async () => relay.cut(),
    callerKey: async () => (await gateway.createKey()).secret,
  }
  return {
    stage,
    gateway,
    simulator,
    endpoint: { url: `${relay.url}/graphql`, key: gateway.adminKey },
    close: async () => {
      await relay.close()
      await gateway.stop()
      await simulator.close()
    },
  }
}
