import type { ChatEvent, TokenLogprob } from '../../protocol/event.ts'
import type { Signature } from '../../protocol/request.ts'
import { isRecord, text, unread } from '../narrow.ts'
import { type Calls, endCall, pushCall } from './decode-call.ts'
import { gemini } from './dialect.ts'

/** What a candidate has said so far. */
export interface Spoken {
  choice: number
  calls: Calls
  /** All of its text, for the places of its sources. */
  text: string
  /** Whether there was any content. */
  any: boolean
  /** The part to which an unsigned piece of the same kind belongs. */
  open: 'text' | 'reasoning' | undefined
  /** Told before a part that ends the text that they are about. */
  pushSources: (out: ChatEvent[]) => void
}

/** One part of a candidate; a signed one stays apart from its neighbours, as its signature is for it alone. */
export function pushPart(
  spoken: Spoken,
  part: Record<string, unknown>,
  { out, logprobs }: { out: ChatEvent[]; logprobs?: TokenLogprob[] | undefined },
): void {
  const { functionCall: call, text: words } = part
  const value = text(part['thoughtSignature'])
  const signature = value === undefined ? undefined : { dialect: gemini, value }
  if (isRecord(call)) {
    spoken.open = undefined
    spoken.any = true
    pushCall(spoken.calls, { call, signature }, out)
  } else if (typeof words === 'string' || onlySigned(part)) {
    const kind = part['thought'] === true ? 'reasoning' : 'text'
    pushWords(spoken, { kind, words: text(words) ?? '', signature, logprobs, part }, out)
  } else if (Object.keys(part).length > 0) {
    endCall(spoken.calls, out)
    spoken.open = undefined
    spoken.any = true
    out.push({ type: 'native-part', choice: spoken.choice, dialect: gemini, part })
  }
}

interface Words {
  kind: 'text' | 'reasoning'
  words: string
  signature: Signature | undefined
  logprobs: TokenLogprob[] | undefined
  part: Record<string, unknown>
}

function pushWords(
  spoken: Spoken,
  { kind, words, signature, logprobs, part }: Words,
  out: ChatEvent[],
): void {
  if (words === '' && !signature && !logprobs) return
  const { choice } = spoken
  endCall(spoken.calls, out)
  const members = unread(part, readMembers)
  const apart = signature !== undefined || members !== undefined
  if (words === '' && apart) spoken.pushSources(out)
  if (apart || spoken.open !== kind) {
    const extra = members && { extra: { dialect: gemini, members } }
    out.push({ type: 'part-start', choice, kind, ...extra })
  }
  spoken.open = apart ? undefined : kind
  spoken.any ||= words !== ''
  const signed = signature && { signature }
  if (kind === 'reasoning') {
    out.push({ type: 'reasoning-delta', choice, text: words, ...signed })
    return
  }
  spoken.text += words
  out.push({ type: 'text-delta', choice, text: words, ...(logprobs && { logprobs }), ...signed })
}

const readMembers: ReadonlySet<string> = new Set(['text', 'thought', 'thoughtSignature'])

function onlySigned(part: Record<string, unknown>): boolean {
  return 'thoughtSignature' in part && Object.keys(part).every((key) => readMembers.has(key))
}
