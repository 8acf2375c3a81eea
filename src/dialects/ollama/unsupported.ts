import { unsupportedBy } from '../unsupported.ts'

export const unsupported = unsupportedBy('Ollama')
