import type { ChatRequest, Extra } from '../../protocol/request.ts'
import { encodeContents } from './encode-contents.ts'
import { encodeTools } from './encode-tools.ts'
import { generationConfig } from './generation-config.ts'

export interface GeminiOptions {
  /** What the service's filter lets pass, by category of harm; its own defaults where absent. */
  safetySettings?: Readonly<Record<string, string>> | undefined
}

/** The body of `generateContent` and of `streamGenerateContent`. */
export function encodeGeminiRequest(
  request: ChatRequest,
  model: string,
  { safetySettings }: GeminiOptions = {},
): Extra {
  const config = generationConfig(request, model)
  return {
    ...encodeContents(request.messages, model),
    ...encodeTools(request, model),
    ...(safetySettings && {
      safetySettings: Object.entries(safetySettings).map(([category, threshold]) => ({
        category,
        threshold,
      })),
    }),
    ...(config && { generationConfig: config }),
  }
}
