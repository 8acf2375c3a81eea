import { nativeBut } from '../../protocol/features.ts'

/** What this wire has words for. */
export const openaiChatSupport = nativeBut({
  tool_error: 'ignored',
  native_part: 'refused',
})
