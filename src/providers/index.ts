import { demo } from './demo.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { openai } from './openai.ts'
import type { ProviderType } from './provider.ts'

/** Every kind of provider there is; a new one is one file and one line here. */
export const providerTypes: readonly ProviderType[] = [openai, openaiCompatible, demo]
