import { nativeBut } from '../../protocol/features.ts'

/** What this wire has words for. */
export const openaiChatSupport = nativeBut({
  tool_error: 'ignored',
  native_part: 'refused',
})

/** What servers have that copied the wire without OpenAI's files, custom tools and vendor forms. */
export const copiedChatSupport = nativeBut({
  tool_error: 'ignored',
  reasoning_budget: 'ignored',
  reasoning_summary: 'ignored',
  cache_control: 'ignored',
  native_response_format: 'refused',
  custom_tools: 'refused',
  native_tools: 'refused',
  tool_choice_native: 'refused',
  developer: { emulated: 'it is sent as a system message' },
  image_id: 'refused',
  audio: 'refused',
  file_url: 'refused',
  file_data: 'refused',
  file_id: 'refused',
  native_part: 'refused',
  refusal_history: { emulated: 'it is sent as text' },
})
