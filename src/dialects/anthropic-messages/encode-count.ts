import type { ChatRequest, Extra } from '../../protocol/request.ts'
import { encodeMessageRequest } from './encode-request.ts'

/** The body of the question how many tokens a prompt has: what the answer is like is no part of it. */
export function encodeCountRequest(request: ChatRequest, model: string): Extra {
  const body = encodeMessageRequest({ ...request, stream: false }, { model })
  return Object.fromEntries(Object.entries(body).filter(([member]) => !ofAnswers.has(member)))
}

const ofAnswers: ReadonlySet<string> = new Set([
  'max_tokens',
  'stream',
  'stop_sequences',
  'temperature',
  'top_p',
  'top_k',
  'metadata',
  'service_tier',
  'container',
  'inference_geo',
])
