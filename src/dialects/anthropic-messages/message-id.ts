import type { AnswerContext } from '../../protocol/chat-door.ts'

/** The provider's own id of a message, or one made of the request's. */
export function messageId(upstreamId: string | undefined, { id }: AnswerContext): string {
  if (upstreamId?.startsWith('msg_')) return upstreamId
  return `msg_${id.replace(/^req_/, '')}`
}
