import type { ChatRequest } from '../protocol/request.ts'
import type { Call } from './call.ts'

/** Longer names are cut: they go into keys and indexes. */
const userCharsMax = 300

/** The call with the end user whom its request names; what the call itself says goes before. */
export function withUser<C extends Pick<Call, 'user'>>(
  call: C,
  request: Pick<ChatRequest, 'endUserId' | 'passthrough'>,
): C {
  const user = call.user ?? request.endUserId ?? safetyIdentifier(request)
  if (user === undefined || user === '') return call
  return { ...call, user: storable(user) }
}

/** OpenAI's newer word for its `user`. */
function safetyIdentifier({ passthrough }: Pick<ChatRequest, 'passthrough'>): string | undefined {
  const name = passthrough?.members['safety_identifier']
  return typeof name === 'string' ? name : undefined
}

/** The database takes neither NUL nor half a surrogate pair. */
function storable(name: string): string {
  return name.slice(0, userCharsMax).replaceAll('\u0000', '\ufffd').toWellFormed()
}
