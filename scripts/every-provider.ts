import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../src/config.ts'
import { providerTypes } from '../src/providers/index.ts'
import type { Provider } from '../src/providers/provider.ts'

const everyKind = `
[providers.openai]
api_key = "x"
[providers."openai.responses"]
type = "openai"
api = "responses"
api_key = "x"
[providers.openai-compatible]
base_url = "http://localhost/v1"
[providers.anthropic]
api_key = "x"
[providers.gemini]
api_key = "x"
[providers.azure]
endpoint = "http://localhost"
api_key = "x"
[providers.xai]
api_key = "x"
[providers.bedrock]
region = "us-east-1"
api_key = "x"
[providers.mts]
api_key = "x"
project = "x"
[providers.tbank]
[providers.ollama]
[providers.gigachat]
credentials = "x"
[providers."gigachat.v2"]
type = "gigachat"
api = "v2"
credentials = "x"
[providers.yandex]
api_key = "x"
folder_id = "x"
[providers."yandex.openai"]
type = "yandex"
api = "openai"
api_key = "x"
folder_id = "x"
[providers.demo]
`

/** One provider of each kind, and of each of its variants, as `kind.variant`; fails when a kind is missing. */
export function openEveryProvider(): Provider[] {
  const folder = mkdtempSync(join(tmpdir(), 'xrouter-features-'))
  try {
    const file = join(folder, 'xrouter.toml')
    writeFileSync(file, everyKind)
    const { providers } = loadConfig({}, file)
    const missing = providerTypes.filter(({ type }) => !providers.some(({ id }) => id === type))
    if (missing.length > 0) {
      throw new Error(
        `add ${missing.map(({ type }) => type).join(', ')} to scripts/every-provider.ts`,
      )
    }
    return providers
  } finally {
    rmSync(folder, { recursive: true })
  }
}
