import { anthropic } from './anthropic.ts'
import { demo } from './demo.ts'
import { gemini } from './gemini.ts'
import { gigachat } from './gigachat.ts'
import { ollama } from './ollama.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { openai } from './openai.ts'
import type { ProviderType } from './provider.ts'
import { yandex } from './yandex.ts'

/** Every kind of provider there is; a new one is one file and one line here. */
export const providerTypes: readonly ProviderType[] = [
  openai,
  openaiCompatible,
  anthropic,
  gemini,
  ollama,
  gigachat,
  yandex,
  demo,
]
