import { azure } from './azure.ts'
import { anthropic } from './anthropic.ts'
import { bedrock } from './bedrock.ts'
import { demo } from './demo.ts'
import { gemini } from './gemini.ts'
import { gigachat } from './gigachat.ts'
import { mts } from './mts.ts'
import { ollama } from './ollama.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { openai } from './openai.ts'
import type { ProviderType } from './provider.ts'
import { tbank } from './tbank.ts'
import { xai } from './xai.ts'
import { yandex } from './yandex.ts'

/** Every kind of provider there is; a new one is one file and one line here. */
export const providerTypes: readonly ProviderType[] = [
  openai,
  openaiCompatible,
  azure,
  xai,
  anthropic,
  bedrock,
  gemini,
  ollama,
  gigachat,
  yandex,
  mts,
  tbank,
  demo,
]
